import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Cloning bundles", .requiresRoot)
struct CloneTests {
    /// A bundle with everything that a tree can have, in `folder`.
    private static func makeBundle(in folder: String) async throws -> OCIBundle {
        try await Tool.shell("mkdir one; cd one; (\(UnpackTests.makeTree)); mv tree rootfs", in: folder)
        try await Tool.shell(
            """
            cd one
            cat >config.json <<'END'
            {"ociVersion": "1.0.2", "process": {"args": ["sh"], "cwd": "/", "unknown": 18446744073709551615},
             "root": {"path": "rootfs"}, "annotations": {"kept": "yes"}, "x-mine": {"b": 1, "a": [null]}}
            END
            """, in: folder)
        return try OCIBundle(at: "\(folder)/one")
    }

    private static func checkClone(in path: String) async throws {
        let source = try await makeBundle(in: path)
        let clone = try await source.clone(as: BundleName("two"), in: ContainersFolder(option: path))
        #expect(try await TreeListing.of(clone.rootfsPath) == TreeListing.of(source.rootfsPath))
        #expect(try await TreeListing.hardlinks(of: clone.path) == TreeListing.hardlinks(of: source.path))
        #expect(try clone.open().status().permissions == source.open().status().permissions)
        let blocks = try await Tool.shell(
            "stat -c %b one/rootfs/only-hole two/rootfs/only-hole two/rootfs/holes", in: path)
        #expect(blocks.split(separator: "\n").allSatisfy { Int($0)! <= 256 }, "holes stay holes")

        var expected = try JSONCoding.parse(source.readConfig())
        try ConfigEdits([.annotation(OCIBundle.originAnnotation, source.path)]).apply(to: &expected)
        #expect(try JSONCoding.parse(clone.readConfig()) == expected)
        #expect(try Files.names(in: path).filter { $0.hasPrefix(".") } == [])

        // What is shared is shared until written to.
        try await Tool.shell("echo changed >two/rootfs/etc/one", in: path)
        #expect(Files.text(of: "\(path)/one/rootfs/etc/two") == "shared\n")
        #expect(Files.text(of: "\(path)/two/rootfs/etc/two") == "changed\n")
    }

    @Test("copies everything, and remembers its origin")
    func copy() async throws {
        let folder = try TemporaryFolder()
        try await Self.checkClone(in: folder.path)
        withExtendedLifetime(folder) {}
    }

    @Test("on XFS, with extents shared", .requires(tool: "mkfs.xfs"))
    func reflink() async throws {
        let mount = try await TemporaryMount.image(megabytes: 400, make: "mkfs.xfs -q -m reflink=1")
        try await Self.checkClone(in: mount.path)
        try await Tool.shell("head -c 50000000 /dev/urandom >one/rootfs/big; sync", in: mount.path)
        let before = try await Self.usedKilobytes(mount.path)
        let source = try OCIBundle(at: "\(mount.path)/one")
        _ = try await source.clone(as: BundleName("three"), in: ContainersFolder(option: mount.path))
        try await Tool.shell("sync; cmp one/rootfs/big three/rootfs/big", in: mount.path)
        #expect(try await Self.usedKilobytes(mount.path) - before < 5000)
    }

    private static func usedKilobytes(_ path: String) async throws -> Int {
        try await Int(Tool.shell("df -k --output=used . | tail -1 | tr -d ' \\n'", in: path)) ?? 0
    }

    @Test("on a file system without reflink and with little room: one sentence, nothing left")
    func fullDisk() async throws {
        let mount = try await TemporaryMount.tmpfs(megabytes: 6)
        let path = mount.path
        try await Tool.shell(
            "mkdir -p one/rootfs; echo '{}' >one/config.json; head -c 4000000 /dev/zero >one/rootfs/f", in: path)
        let error = await #expect(throws: BundleError.self) {
            try await OCIBundle(at: "\(path)/one").clone(as: BundleName("two"), in: ContainersFolder(option: path))
        }
        #expect(error?.code == .diskFull)
        #expect(try Files.names(in: path) == ["one"])
    }

    @Test("a bundle that somebody works on is not cloned; two clones at once are no problem")
    func locked() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.makeBundle(in: folder.path)
        let containers = ContainersFolder(option: folder.path)
        do {
            let lock = try source.lock()
            let error = await #expect(throws: BundleError.self) {
                try await source.clone(as: BundleName("two"), in: containers)
            }
            #expect(error?.code == .busy)
            withExtendedLifetime(lock) {}
        }
        async let two = source.clone(as: BundleName("two"), in: containers)
        async let three = source.clone(as: BundleName("three"), in: containers)
        #expect(try await [two.name, three.name] == ["two", "three"])
    }

    @Test("while files come and go: it ends, and what stayed is there")
    func busySource() async throws {
        let folder = try TemporaryFolder()
        let source = try await Self.makeBundle(in: folder.path)
        let path = folder.path
        let busy = Task {
            try? await Tool.run(
                "/bin/sh",
                [
                    "-c",
                    "i=0; while [ ! -e stop ]; do i=$((i+1)); echo $i >one/rootfs/tmp$((i%50)); mkdir -p one/rootfs/d$((i%7))/x; rm -rf one/rootfs/tmp$(((i+25)%50)) one/rootfs/d$(((i+3)%7)); done",
                ],
                in: path)
        }
        for number in 0..<20 {
            let clone = try await source.clone(as: BundleName("clone\(number)"), in: ContainersFolder(option: path))
            #expect(Files.text(of: "\(clone.rootfsPath)/etc/one") == "shared\n")
        }
        try folder.write([], to: "stop")
        _ = await busy.value
    }

    @Test(
        "a rootfs named by an absolute path becomes the clone's own; one outside is refused",
        arguments: [("PATH/one/rootfs", true), ("/etc", false), ("/nowhere", false)])
    func absoluteRoot(root: String, works: Bool) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell("mkdir -p one/rootfs; touch one/rootfs/x", in: folder.path)
        let text = "{\"root\": {\"path\": \"\(root.replacing("PATH", with: folder.path))\"}}"
        try folder.write(Array(text.utf8), to: "one/config.json")
        let source = try OCIBundle(at: "\(folder.path)/one")
        let clone = try? await source.clone(as: BundleName("two"), in: ContainersFolder(option: folder.path))
        #expect((clone != nil) == works)
        if let clone { #expect(try RuntimeSpec(parsing: clone.readConfig()).root?.path == "rootfs") }
    }
}
