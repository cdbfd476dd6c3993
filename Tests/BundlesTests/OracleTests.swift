import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// Images that other tools have made, unpacked by us and by umoci: the trees are the same in every field that `stat`,
/// `getfattr` and `sha256sum` tell.
@Suite("The same tree as umoci's", .requiresRoot, .requires(tool: "umoci"))
struct OracleTests {
    private static func expectSame(_ sources: [String], in folder: TemporaryFolder) async throws {
        try await Tool.shell("umoci unpack --image image:x theirs", in: folder.path)
        let theirs = try await TreeListing.of("\(folder.path)/theirs/rootfs")
        let links = try await TreeListing.hardlinks(of: "\(folder.path)/theirs/rootfs")
        #expect(theirs.count > 20 && !links.isEmpty, "there is something to compare")
        for (number, source) in sources.enumerated() {
            let text = source.replacing("HERE", with: folder.path)
            let ours = try await OCIBundle.create(
                BundleName("ours\(number)"), in: ContainersFolder(option: folder.path), from: ImageSource(text))
            #expect(try await TreeListing.of(ours.rootfsPath) == theirs, "\(source)")
            #expect(try await TreeListing.hardlinks(of: ours.rootfsPath) == links, "\(source)")
        }
    }

    private static let buildah = """
        buildah() { command buildah --root "$PWD/storage" --runroot "$PWD/run" --storage-driver vfs "$@"; }
        """

    @Test(
        "buildah's, two layers, and what skopeo makes of them",
        .requires(tool: "buildah"), .requires(tool: "skopeo"))
    func buildah() async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            """
            (\(UnpackTests.makeTree))
            \(Self.buildah)
            one=$(buildah from scratch); at=$(buildah mount $one); cp -a tree/. $at
            buildah config --cmd /bin/sh --user 12:34 $one
            buildah umount $one >/dev/null; buildah commit -q $one below >/dev/null
            two=$(buildah from --pull-never below); at=$(buildah mount $two); cd $at
            rm -r empty etc/two 'odd names'; mkdir 'odd names'; echo new >'odd names/new'; rm sticky -r; echo file >sticky
            rm dangling; mkdir dangling; chmod 0700 readonly; echo y >readonly/other; chmod 0555 readonly
            chown 9:9 usr/bin/tool; ln etc/one etc/four; cd - >/dev/null
            buildah umount $two >/dev/null; buildah commit -q $two oci:$PWD/image:x >/dev/null
            skopeo copy -q oci:image:x docker-archive:docker.tar:app:x
            skopeo copy -q oci:image:x oci-archive:archive.tar:x
            skopeo copy -q --dest-compress-format zstd --dest-compress oci:image:x oci:zstd:x
            skopeo copy -q --format v2s2 oci:image:x oci:v2s2:x 2>/dev/null || cp -r image v2s2
            """, in: folder.path)
        try await Self.expectSame(
            [
                "oci:HERE/image:x", "docker-archive:HERE/docker.tar:app:x", "oci-archive:HERE/archive.tar:x",
                "oci:HERE/zstd:x", "oci:HERE/v2s2:x",
            ], in: folder)
    }

    @Test("mmdebstrap's", .requires(tool: "mmdebstrap"))
    func mmdebstrap() async throws {
        let folder = try TemporaryFolder()
        // From the machine's own Debian mirror.
        try await Tool.shell(
            """
            set -- $(apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(CODENAME)' 'Created-By: Packages' |
                awk -F'|' '$2 == "Debian" && $3 !~ /-/ { print $1, $3; exit }')
            mmdebstrap --quiet --variant=extract --include=base-files,base-passwd,dash "$2" debian.tar \
                "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 $2 main"
            mkdir two; echo x >two/one; ln two/one two/other; tar -cf two.tar -C two .
            umoci init --layout image; umoci new --image image:x
            umoci raw add-layer --image image:x debian.tar; umoci raw add-layer --image image:x two.tar
            """, in: folder.path)
        try await Self.expectSame(["oci:HERE/image:x"], in: folder)
    }
}
