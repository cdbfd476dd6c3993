import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Exporting", .requiresRoot)
struct ExportTests {
    /// Changes of every kind to the tree of `UnpackTests`.
    private static let changes = """
        echo new >etc/new; echo changed >>etc/one; rm usr/relative; rm -r 'odd names'; rm pipe; mkdir pipe; echo x >pipe/x
        rm -r empty; echo file >empty; chmod 0700 sticky; setfattr -x user.note etc/one; ln etc/new etc/newer
        rm etc/two; echo own >etc/two; mknod -m 600 zero c 1 5; ln -sfn elsewhere dangling; mkdir -p deep/er; touch only-hole
        """

    @Test("the base and one layer of changes: made again from it, the tree is the same", .requires(tool: "skopeo"))
    func roundTrip() async throws {
        let builder = try await ImageBuilder()
        let path = builder.folder.path
        try await Tool.shell(
            "(\(UnpackTests.makeTree)); tar --format=pax --xattrs --xattrs-include='*' -cf one.tar -C tree .", in: path)
        let base = try Files.contents(of: "\(path)/one.tar")
        builder.list(try await builder.image([base], config: ["Cmd": ["/bin/true"], "Env": ["A=1"]]))
        try builder.finish()
        let containers = ContainersFolder(option: path)
        let first = try await OCIBundle.create(BundleName("first"), in: containers, from: ImageSource(builder.path))
        let bundle = try await first.clone(as: BundleName("second"), in: containers)
        try await Tool.shell("(\(Self.changes))", in: bundle.rootfsPath)
        try await bundle.export(to: "\(path)/out.tar")
        #expect(try Files.names(in: path).filter { $0.hasPrefix(".") } == [])

        let again = try await OCIBundle.create(
            BundleName("again"), in: containers, from: ImageSource("\(path)/out.tar"))
        #expect(try await TreeListing.of(again.rootfsPath) == TreeListing.of(bundle.rootfsPath))
        #expect(try await TreeListing.hardlinks(of: again.rootfsPath) == TreeListing.hardlinks(of: bundle.rootfsPath))
        let spec = try RuntimeSpec(parsing: again.readConfig())
        #expect(spec.process?.args == ["/bin/true"] && spec.process?.env?.contains("A=1") == true)
        try await Tool.shell(
            "skopeo inspect oci-archive:out.tar:latest; skopeo copy -q oci-archive:out.tar:latest oci:copy:x", in: path)
    }

    @Test("umoci unpacks it to the same tree", .requires(tool: "umoci"))
    func umoci() async throws {
        let builder = try await ImageBuilder()
        let path = builder.folder.path
        builder.list(
            try await builder.image([
                TarBuilder.archive([.init("a", "0", "1"), .init("d", "5"), .init("d/b", "0", "2")])
            ]))
        try builder.finish()
        let bundle = try await OCIBundle.create(
            BundleName("b"), in: ContainersFolder(option: path), from: ImageSource(builder.path))
        try await Tool.shell("rm a; echo 3 >d/c; ln d/c e", in: bundle.rootfsPath)
        try await bundle.export(to: "\(path)/out.tar")
        try await Tool.shell(
            "mkdir layout; tar -xf out.tar -C layout; umoci unpack --image layout:latest theirs", in: path)
        #expect(try await TreeListing.of("\(path)/theirs/rootfs") == TreeListing.of(bundle.rootfsPath))
    }

    @Test("a bundle of a plain tarball becomes one layer; the same trees give the same bytes")
    func reproducible() async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            "(\(UnpackTests.makeTree)); tar --format=pax --xattrs --xattrs-include='*' -cf one.tar -C tree .",
            in: folder.path)
        for name in ["one", "two"] {
            try await Tool.shell(
                """
                export SOURCE_DATE_EPOCH=1000000000
                '\(Tool.bundletool)' create \(name) --from one.tar; touch containers/\(name)/rootfs/new
                '\(Tool.bundletool)' export \(name) \(name).out
                """, in: folder.path)
        }
        try await Tool.shell("cmp one.out two.out; '\(Tool.bundletool)' create three --from one.out", in: folder.path)
        let listing = try await TreeListing.of("\(folder.path)/containers/three/rootfs", times: false)
        #expect(try await listing == TreeListing.of("\(folder.path)/containers/one/rootfs", times: false))
    }

    @Test("an output that is there is left alone, and so is a folder that lacks room for it")
    func outputTaken() async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell("mkdir -p b/rootfs; echo '{}' >b/config.json; echo mine >out", in: folder.path)
        let bundle = try OCIBundle(at: "\(folder.path)/b")
        let error = await #expect(throws: BundleError.self) { try await bundle.export(to: "\(folder.path)/out") }
        #expect(error?.code == .exists)
        #expect(try Files.names(in: folder.path) == ["b", "out"])
        #expect(Files.text(of: "\(folder.path)/out") == "mine\n")
    }

    @Test("times", arguments: [(0, "1970-01-01T00:00:00Z"), (1_000_000_000, "2001-09-09T01:46:40Z")])
    func timestamps(seconds: Int, text: String) {
        #expect(OCIBundle.timestamp(seconds) == text)
    }
}
