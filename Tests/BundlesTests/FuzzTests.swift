import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// Mutated archives and layers, really unpacked: never a write outside, never a crash, never a hang.
/// `BUNDLETOOL_FUZZ` sets the number of rounds.
@Suite("Mutations", .requiresRoot)
struct FuzzTests {
    private static var rounds: Int { getenv("BUNDLETOOL_FUZZ").flatMap { Int(String(cString: $0)) } ?? 150 }

    /// Names and targets that lead out, through links, or to what else is there.
    private static let names = [
        "a", "a/b", "a/b/c", "l", "d/e", "l/x", "../x", "/../x", "a/../../x", ".", "./", "/", "..", "d/", "d", ".wh.a",
        "a/.wh.b",
        "a/.wh..wh..opq", ".wh..", ".wh.", "\u{ff}", String(repeating: "n", count: 99), "OUTSIDE/x", "l/OUTSIDE",
    ]
    private static let targets = [
        "a", "a/b", "d/e", "l", "OUTSIDE", "../outside", "OUTSIDE/canary", "/", ".", "..", "", "l/x",
    ]

    private static func entry(_ outside: String, _ random: inout SplitMix) -> TarBuilder.Entry {
        // Mostly names that are in order, or nothing would get far.
        func text(_ choices: [String]) -> String {
            let some = Int.random(in: 0..<5, using: &random) > 0 ? Array(choices.prefix(5)) : choices
            return some.randomElement(using: &random)!.replacing("OUTSIDE", with: outside)
        }
        var entry = TarBuilder.Entry(
            String(text(names).prefix(99)), "0125346"["0125346".indices.randomElement(using: &random)!], "content",
            link: String(text(targets).prefix(99)))
        if entry.type != "0" { entry.content = [] }
        entry.mode = Int.random(in: 0...0o7777, using: &random)
        entry.user = Int.random(in: 0...3, using: &random)
        if Int.random(in: 0..<6, using: &random) == 0 {
            entry.pax = [("path", Array(text(names).utf8)), ("linkpath", Array(text(targets).utf8))]
        }
        (entry.major, entry.minor) = (1, 3)
        return entry
    }

    @Test("two layers of anything, and a canary beside them")
    func layers() async throws {
        var random = SplitMix(state: 7)
        let folder = try TemporaryFolder()
        _ = try folder.makeFolder("outside")
        try folder.write(Array("canary".utf8), to: "outside/canary", mode: 0o600)
        let before = try await TreeListing.of("\(folder.path)/outside")
        var unpacked = 0
        for round in 0..<Self.rounds {
            let root = try folder.makeFolder("rootfs")
            do {
                for layer in 0..<2 {
                    var bytes = TarBuilder.archive(
                        (0..<5).map { _ in Self.entry("\(folder.path)/outside", &random) })
                    for _ in 0..<Int.random(in: 0...2, using: &random) where round % 3 == 0 {
                        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                            in: 0...255, using: &random)
                    }
                    let stream = TarStream(name: "fuzz", open: { [bytes] _ in MemoryReader(bytes) })
                    try await Cancellation.scope {
                        try await TarUnpacker(cancellation: $0).unpack(stream, into: root, layerWithLower: layer > 0)
                    }
                }
                unpacked += 1
            } catch let error as BundleError {
                #expect([.refused, .badArchive].contains(error.code), "\(error)")
            }
            try folder.open().removeTree(FileName("rootfs"))
        }
        #expect(try await TreeListing.of("\(folder.path)/outside") == before)
        #expect(try Files.names(in: folder.path) == ["outside"])
        #expect(unpacked > 0, "some of them are in order")
    }

    @Test("compressed streams with bytes changed", arguments: ["gzip", "zstd -q", "xz", "bzip2"])
    func streams(compress: String) async throws {
        var random = SplitMix(state: 11)
        let folder = try TemporaryFolder()
        try folder.write(
            TarBuilder.archive([.init("a", "0", String(repeating: "x", count: 9000)), .init("b")]), to: "tar")
        try await Tool.shell("\(compress) <tar >packed", in: folder.path)
        let whole = try Files.contents(of: "\(folder.path)/packed")
        for _ in 0..<Self.rounds / 4 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            let root = try folder.makeFolder("rootfs")
            let stream = TarStream(name: "fuzz", open: { [bytes] _ in MemoryReader(bytes) })
            do {
                try await Cancellation.scope {
                    try await TarUnpacker(cancellation: $0).unpack(stream, into: root)
                }
            } catch let error as BundleError {
                #expect([.refused, .badArchive, .system].contains(error.code), "\(error)")
            }
            try folder.open().removeTree(FileName("rootfs"))
        }
    }
}
