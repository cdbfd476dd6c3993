import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Layers", .requiresRoot)
struct LayerTests {
    typealias Entry = TarBuilder.Entry

    /// Applies layers in order; returns the folder, whose `rootfs` they are in.
    static func apply(_ layers: [[Entry]]) async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let root = try folder.makeFolder("rootfs")
        for (number, entries) in layers.enumerated() {
            let bytes = TarBuilder.archive(entries)
            let stream = TarStream(
                name: "layer \(number)", open: { _ in MemoryReader(bytes) }, diffID: Digest.of(bytes))
            try await Cancellation.scope {
                try await TarUnpacker(cancellation: $0).unpack(stream, into: root, layerWithLower: number > 0)
            }
        }
        return folder
    }

    /// Names and contents, as in `a/b=text`; folders end in a slash.
    static func listing(_ folder: TemporaryFolder) async throws -> [String] {
        let lines = try await Tool.shell(
            "find . -mindepth 1 \\( -type d -printf '%P/\\n' -o -type l -printf '%P>%l\\n' -o -printf '%P=' -exec cat {} \\; -printf '\\n' \\)",
            in: "\(folder.path)/rootfs")
        return lines.split(separator: "\n").map(String.init).sorted()
    }

    private static let lower: [Entry] = [
        .init("d", "5"), .init("d/a", "0", "1"), .init("d/b", "0", "2"), .init("d/sub", "5"),
        .init("d/sub/x", "0", "3"),
        .init("f", "0", "4"), .init("l", "2", link: "d"),
    ]

    static let cases: [(String, [[Entry]], [String])] = [
        (
            "a whiteout hides a file", [lower, [.init("d/.wh.a")]],
            ["d/", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        ("a whiteout hides a tree", [lower, [.init(".wh.d")]], ["f=4", "l>d"]),
        (
            "a file after its own whiteout stays", [lower, [.init("d/.wh.a"), .init("d/a", "0", "new")]],
            ["d/", "d/a=new", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        (
            "a file before its own whiteout stays", [lower, [.init("d/a", "0", "new"), .init("d/.wh.a")]],
            ["d/", "d/a=new", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        (
            "a folder before its own whiteout keeps what the layer put there",
            [lower, [.init("d/new", "0", "n"), .init(".wh.d")]], ["d/", "d/new=n", "f=4", "l>d"]
        ),
        (
            "a folder after its own whiteout", [lower, [.init(".wh.d"), .init("d/new", "0", "n")]],
            ["d/", "d/new=n", "f=4", "l>d"]
        ),
        (
            "opaque, first", [lower, [.init("d/.wh..wh..opq"), .init("d/new", "0", "n")]],
            ["d/", "d/new=n", "f=4", "l>d"]
        ),
        (
            "opaque, last", [lower, [.init("d/new", "0", "n"), .init("d/sub/y", "0", "y"), .init("d/.wh..wh..opq")]],
            ["d/", "d/new=n", "d/sub/", "d/sub/y=y", "f=4", "l>d"]
        ),
        (
            "through a symlink that a lower layer has", [lower, [.init("l/.wh.a"), .init("l/new", "0", "n")]],
            ["d/", "d/b=2", "d/new=n", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        (
            "what a layer wrote through a symlink survives a whiteout by the other name",
            [lower, [.init("l/a", "0", "n"), .init("d/.wh.a"), .init("d/.wh.b")]],
            ["d/", "d/a=n", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        (
            "a whiteout of the symlink leaves its target", [lower, [.init(".wh.l")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=4"]
        ),
        (
            "of what is not there", [lower, [.init("no/.wh.such"), .init(".wh.thing")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
        (
            "in the first layer there is nothing to hide",
            [[.init("a", "0", "1"), .init(".wh.a"), .init(".wh..wh..opq")]], ["a=1"]
        ),
        (
            "three layers", [lower, [.init(".wh.f")], [.init("f", "0", "again"), .init(".wh.d"), .init(".wh.l")]],
            ["f=again"]
        ),
        ("a file over a folder", [lower, [.init("d", "0", "now")]], ["d=now", "f=4", "l>d"]),
        (
            "a folder over a file", [lower, [.init("f", "5"), .init("f/x", "0", "y")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f/", "f/x=y", "l>d"]
        ),
        (
            "a lower file where a parent is needed", [lower, [.init("f/x/y", "0", "z")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f/", "f/x/", "f/x/y=z", "l>d"]
        ),
        (
            "a folder over a symlink to a folder", [lower, [.init("l", "5"), .init("l/x", "0", "y")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l/", "l/x=y"]
        ),
        (
            "a hardlink before its target means the layer's own",
            [lower, [.init("h", "1", link: "f"), .init("f", "0", "new")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=new", "h=new", "l>d"]
        ),
        (
            "a hardlink to a lower layer's file that is then hidden",
            [lower, [.init("h", "1", link: "f"), .init(".wh.f")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "h=4", "l>d"]
        ),
        ("an empty layer", [lower, []], ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]),
        (
            "AUFS's own files", [lower, [.init(".wh..wh.plnk", "5"), .init(".wh..wh.aufs")]],
            ["d/", "d/a=1", "d/b=2", "d/sub/", "d/sub/x=3", "f=4", "l>d"]
        ),
    ]

    @Test("on top of each other", arguments: cases)
    func layers(name: String, layers: [[Entry]], expected: [String]) async throws {
        #expect(try await Self.listing(Self.apply(layers)) == expected.sorted(), "\(name)")
    }

    @Test(
        "whiteouts of nothing, of the root, of the parent",
        arguments: [".wh.", "d/.wh.", ".wh..", "d/.wh..", ".wh...", "d/.wh..."])
    func badWhiteouts(name: String) async throws {
        let error = await #expect(throws: BundleError.self) { try await Self.apply([Self.lower, [.init(name)]]) }
        #expect(error?.code == .refused)
    }

    @Test("in a plain tarball they are ordinary files")
    func plain() async throws {
        let folder = try TemporaryFolder()
        try await unpack(
            TarBuilder.archive([.init("a"), .init(".wh.a"), .init(".wh..wh..opq"), .init(".wh.")]), into: folder)
        #expect(try Files.names(in: "\(folder.path)/rootfs") == [".wh.", ".wh..wh..opq", ".wh.a", "a"])
    }

    @Test("an upper layer's folder entry brings its own metadata; without one everything stays, the time too")
    func folderMetadata() async throws {
        let old = Entry("d", "5").with {
            ($0.mode, $0.user, $0.time) = (0o2700, 5, 1000)
            $0.pax = [("SCHILY.xattr.user.old", [1]), ("SCHILY.xattr.user.both", [1])]
        }
        let new = Entry("d", "5").with {
            ($0.mode, $0.user, $0.time) = (0o755, 6, 2000)
            $0.pax = [("SCHILY.xattr.user.both", [2])]
        }
        func state(_ layers: [[Entry]]) async throws -> String {
            let folder = try await Self.apply(layers)
            let root = try folder.open("rootfs")
            let status = try root.status(of: FileName("d"))
            let attributes = try root.attributes(of: FileName("d")).map { "\($0.name)=\($0.value)" }.sorted()
            return
                "\(String(status.permissions, radix: 8)) \(status.st_uid) \(status.st_mtim.tv_sec) \(attributes.joined(separator: " "))"
        }
        #expect(
            try await state([[old, .init("d/x")], [.init("d/y"), .init("d/.wh.x")]])
                == "2700 5 1000 user.both=[1] user.old=[1]")
        #expect(try await state([[old, .init("d/x")], [new, .init("d/y")]]) == "755 6 2000 user.both=[2]")
        #expect(
            try await state([[old, .init("d/x")], [.init("d/y"), .init(".wh.d"), new]]) == "755 6 2000 user.both=[2]")
        #expect(
            try await state([[old], [.init("d/y"), .init(".wh.d")]]).hasPrefix("755 0 "), "an implied folder, anew")
    }

    @Test("a layer that was altered, cut, or is not what its diff_id says")
    func wrongDigests() async throws {
        let bytes = TarBuilder.archive([.init("a", "0", "x")])
        let folder = try TemporaryFolder()
        let other = try Digest("sha256:" + String(repeating: "0", count: 64))
        let good = Digest.of(bytes)
        let cases: [(Digest?, Int?, Digest)] = [
            (other, nil, good), (good, bytes.count - 1, good), (good, bytes.count + 1, good), (good, nil, other),
        ]
        for (number, (blob, size, id)) in cases.enumerated() {
            let root = try folder.makeFolder("r\(number)")
            let stream = TarStream(
                name: "the layer", open: { _ in MemoryReader(bytes) }, blob: (blob, size), diffID: id)
            let error = await #expect(throws: BundleError.self) {
                try await Cancellation.scope {
                    try await TarUnpacker(cancellation: $0).unpack(stream, into: root, layerWithLower: false)
                }
            }
            #expect(error?.code == .badImage)
        }
    }

    @Test("SHA-512 too")
    func sha512() async throws {
        #expect(Digest.of(Array("abc".utf8), .sha512).hex.hasPrefix("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"))
        #expect(Digest.of([]).description == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(
        "digests that are none",
        arguments: [
            "", "sha256:", "sha256:../../etc/passwd", "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85", "sha256:e3:b0",
        ])
    func badDigests(text: String) {
        #expect(throws: BundleError.self) { try Digest(text) }
    }

    @Test("limits: entries, bytes, and the ratio of a bomb")
    func limits() async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            "mkdir t; cd t; touch a b c d; truncate -s 3G hole; tar -cSf ../few .; truncate -s 40M z; gzip -9 <z >../zz; tar -czf ../zeros z",
            in: folder.path)
        func code(_ file: String, _ change: (inout UnpackLimits) -> Void) async throws -> BundleError.Code? {
            var limits = UnpackLimits()
            change(&limits)
            let root = try folder.makeFolder("out")
            defer { try? folder.open().removeTree(FileName("out")) }
            do {
                try await Cancellation.scope { [limits] in
                    try await TarUnpacker(limits: limits, cancellation: $0)
                        .unpack(TarFile.stream("\(folder.path)/\(file)", progress: nil), into: root)
                }
                return nil
            } catch let error as BundleError {
                return error.code
            }
        }
        #expect(try await code("few") { $0.entries = 6 } == nil)
        #expect(try await code("few") { $0.entries = 5 } == .refused)
        #expect(try await code("few") { $0.bytes = 4 << 30 } == nil)
        #expect(try await code("few") { $0.bytes = 2 << 30 } == .refused)
        #expect(try await code("zeros") { $0.ratioFrom = 1 << 20 } == .refused)
        #expect(try await code("zeros") { $0.ratioFrom = 100 << 20 } == nil)
    }
}

/// Bytes in memory as a stream.
final class MemoryReader: ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, rest.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest.removeFirst(count)
        return count
    }
}
