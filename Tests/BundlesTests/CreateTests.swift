import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Creating bundles", .requiresRoot)
struct CreateTests {
    private let folder: TemporaryFolder
    private let containers: ContainersFolder

    init() throws {
        folder = try TemporaryFolder()
        containers = ContainersFolder(option: "\(folder.path)/made/containers")
    }

    private func source(_ bytes: [UInt8]? = nil) throws -> ImageSource {
        let small = TarBuilder.archive([
            .init("etc", "5"), .init("etc/passwd", "0", "root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n"),
        ])
        try folder.write(bytes ?? small, to: "source.tar")
        return .tar(path: "\(folder.path)/source.tar")
    }

    private func names() throws -> [String] { try Files.names(in: containers.path) }

    @Test("holds config.json and rootfs, and is nobody else's")
    func content() async throws {
        var edits = ConfigEdits([.user("web"), .workingDirectory("/srv")])
        edits.edits.append(.environment(name: "A", value: "b"))
        let bundle = try await OCIBundle.create(BundleName("one"), in: containers, from: source(), edits: edits)
        #expect(try Files.names(in: bundle.path) == ["config.json", "rootfs"])
        #expect(try bundle.open().status().permissions == 0o700)
        #expect(try names() == ["one"])
        let spec = try RuntimeSpec(parsing: bundle.readConfig())
        #expect(spec.process?.user?.uid == 33)
        #expect(spec.process?.user?.gid == 44)
        #expect(spec.process?.cwd == "/srv")
        #expect(spec.process?.env?.contains("A=b") == true)
        #expect(spec.process?.args == ["sh"])
    }

    @Test("from a folder: the same tree")
    func fromFolder() async throws {
        try await Tool.shell(UnpackTests.makeTree, in: folder.path)
        let bundle = try await OCIBundle.create(
            BundleName("one"), in: containers, from: ImageSource("dir:\(folder.path)/tree"))
        #expect(try await TreeListing.of(bundle.rootfsPath) == TreeListing.of("\(folder.path)/tree"))
    }

    @Test(
        "names that cannot be a bundle's",
        arguments: ["", ".", "..", "a/b", "/a", "a\nb", "a\u{0}", String(repeating: "x", count: 256)])
    func badNames(name: String) throws {
        let error = #expect(throws: BundleError.self) { try BundleName(name) }
        #expect(error?.code == .invalidName)
    }

    @Test("names that can", arguments: [".hidden", "a b", "ä", "-x", String(repeating: "x", count: 255)])
    func goodNames(name: String) async throws {
        let bundle = try await OCIBundle.create(BundleName(name), in: containers, from: source())
        #expect(bundle.name == name)
    }

    @Test(
        "a name that is taken is left alone",
        arguments: ["mkdir taken", "ln -s nowhere taken", "echo x >taken", "mkfifo taken", "mkdir -p taken/rootfs"])
    func taken(script: String) async throws {
        try await Tool.shell("mkdir -p '\(containers.path)'; cd '\(containers.path)'; \(script)")
        let before = try await TreeListing.of(containers.path)
        let error = await #expect(throws: BundleError.self) {
            try await OCIBundle.create(BundleName("taken"), in: containers, from: source())
        }
        #expect(error?.code == .exists)
        #expect(try await TreeListing.of(containers.path) == before)
    }

    static let badSources: [(String, [UInt8]?, BundleError.Code)] = [
        ("missing", nil, .notFound), ("empty", [], .badArchive), ("text", Array("hello\n".utf8), .badArchive),
        ("upwards", TarBuilder.archive([.init("good", "0", "x"), .init("../x", "0", "x")]), .refused),
        (
            "cut", Array(TarBuilder.archive([.init("good", "0", String(repeating: "x", count: 5000))]).prefix(3000)),
            .badArchive
        ),
        ("gzip of nothing", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], .badArchive),
        ("zstd of nothing", [0x28, 0xb5, 0x2f, 0xfd], .badArchive),
    ]

    @Test("bad sources leave nothing, not even the containers folder", arguments: badSources)
    func badSource(name: String, bytes: [UInt8]?, code: BundleError.Code) async throws {
        if let bytes { try folder.write(bytes, to: "bad") }
        let error = await #expect(throws: BundleError.self) {
            try await OCIBundle.create(
                BundleName("one"), in: containers, from: .tar(path: "\(folder.path)/bad"),
                files: [RootfsFile(path: "x", content: [])])
        }
        #expect(error?.code == code)
        #expect(error?.description.contains("/bad") == true)
        #expect(!Files.exists("\(folder.path)/made"))
    }

    @Test("compressed archives that end too early", arguments: ["gzip", "zstd -q", "xz", "bzip2"])
    func cutCompressed(compress: String) async throws {
        try await Tool.shell(
            "head -c 3000000 /dev/urandom >noise; tar -cf - noise | \(compress) >whole", in: folder.path)
        let whole = try Files.contents(of: "\(folder.path)/whole")
        for length in [whole.count - 1, whole.count - 5, whole.count / 2, 20] {
            try folder.write(Array(whole.prefix(length)), to: "cut")
            let error = await #expect(throws: BundleError.self) {
                try await OCIBundle.create(BundleName("one"), in: containers, from: .tar(path: "\(folder.path)/cut"))
            }
            #expect(error?.code == .badArchive, "\(length) of \(whole.count) bytes")
        }
    }

    @Test("gzip whose content was altered, and several members in a row")
    func gzip() async throws {
        try await Tool.shell(
            """
            printf 'hello %0.s' $(seq 1000) >text; tar -cf all text
            head -c 6000 all | gzip >two; tail -c +6001 all | gzip >>two
            gzip -1 -k all; cp all.gz altered
            printf '\\377\\377\\377\\377' | dd of=altered bs=1 seek=$(($(stat -c %s altered) - 8)) conv=notrunc status=none
            cp all.gz junk; echo junk >>junk; cp all.gz padded; truncate -s +1000 padded
            """, in: folder.path)
        for (name, good) in [("two", true), ("padded", true), ("altered", false), ("junk", false)] {
            let made = try? await OCIBundle.create(
                BundleName(name), in: containers, from: .tar(path: "\(folder.path)/\(name)"))
            #expect((made != nil) == good, "\(name)")
        }
    }

    @Test("a full disk: one sentence, nothing left")
    func fullDisk() async throws {
        let mount = try await TemporaryMount.tmpfs(megabytes: 4)
        try await Tool.shell("head -c 8000000 /dev/urandom >noise; tar -cf source.tar noise", in: folder.path)
        let error = await #expect(throws: BundleError.self) {
            try await OCIBundle.create(
                BundleName("one"), in: ContainersFolder(option: "\(mount.path)/containers"),
                from: .tar(path: "\(folder.path)/source.tar"))
        }
        #expect(error?.code == .diskFull)
        #expect(try Files.names(in: mount.path) == [])
    }

    @Test("a cancelled task leaves nothing")
    func cancelled() async throws {
        try await Tool.shell("mkfifo slow", in: folder.path)
        let (containers, path) = (containers, folder.path)
        let task = Task {
            try await OCIBundle.create(BundleName("one"), in: containers, from: .tar(path: "\(path)/slow"))
        }
        // The archive never ends by itself: blocks of files, until the reader has gone.
        let writer = Task {
            try? await Tool.run("/bin/sh", ["-c", "while :; do cat block || exit 0; done >slow"], in: path)
        }
        let block = TarBuilder.archive([.init("f", "0", String(repeating: "x", count: 100_000))]).dropLast(1024)
        try folder.write(Array(block), to: "block")
        while !Files.exists("\(containers.path)") { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        let error = await #expect(throws: BundleError.self) { try await task.value }
        #expect(error?.code == .interrupted)
        #expect(!Files.exists("\(folder.path)/made"))
        writer.cancel()
        _ = await writer.value
    }

    @Test("what a killed create left is removed by the next, and what a living one works on is not")
    func leftovers() async throws {
        try await Tool.shell("mkdir -p .bundletool-dead/rootfs .bundletool-alive other", in: folder.path)
        let containers = ContainersFolder(option: folder.path)
        let alive = try folder.open(".bundletool-alive")
        #expect(try alive.tryLock())
        _ = try await OCIBundle.create(BundleName("one"), in: containers, from: source())
        #expect(try names(folder.path) == [".bundletool-alive", "one", "other", "source.tar"])
        withExtendedLifetime(alive) {}
    }

    private func names(_ path: String) throws -> [String] { try Files.names(in: path) }

    @Test("nothing of the containers folder's group and ACL gets into the bundle")
    func inheritance() async throws {
        try await Tool.shell(
            "mkdir -p '\(containers.path)'; chgrp 77 '\(containers.path)'; chmod 2775 '\(containers.path)'")
        let tar = TarBuilder.archive([
            .init("a/b/file", "0", "x"), .init("g", "5").with { ($0.mode, $0.group) = (0o2755, 9) }, .init("g/x/y"),
        ])
        let bundle = try await OCIBundle.create(BundleName("one"), in: containers, from: source(tar))
        let listing = try await Tool.shell("stat -c '%a %g %n' . a a/b a/b/file g g/x g/x/y", in: bundle.rootfsPath)
        #expect(listing == "755 0 .\n755 0 a\n755 0 a/b\n644 0 a/b/file\n2755 9 g\n755 0 g/x\n644 0 g/x/y\n")
    }
}
