import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

/// The program, really run by a user who is not root.
private struct User: Sendable {
    /// Nobody's on any machine; the folder is the user's.
    static let id = 54321
    let folder: TemporaryFolder
    let name = "bundletool-test"
    /// What /etc/subuid and /etc/subgid say, in a mount namespace of the test's own.
    let ids: String

    init(ids: String) async throws {
        folder = try TemporaryFolder()
        self.ids = ids
        // A copy, because a home folder on the way to the original may be closed to others.
        try await Tool.shell(
            """
            ln \(Tool.bundletool) program 2>/dev/null || cp \(Tool.bundletool) program
            (getent passwd root; echo '\(name):x:\(Self.id):\(Self.id)::/:/bin/sh') >passwd
            (getent group root; echo '\(name):x:\(Self.id):') >group
            printf '\(ids)' >subids
            mkdir home && chown \(Self.id):\(Self.id) . home && chmod 0755 .
            """, in: folder.path)
    }

    /// The command line that runs `script` as the user, in its home; `bundletool` is the program.
    func run(_ script: String) async throws -> Tool.Outcome {
        let home = "\(folder.path)/home"
        let setup = """
            mount --make-rprivate /
            mount --bind passwd /etc/passwd; mount --bind group /etc/group
            touch /etc/subuid /etc/subgid 2>/dev/null || :
            mount --bind subids /etc/subuid; mount --bind subids /etc/subgid
            cd home
            exec setpriv --reuid \(Self.id) --regid \(Self.id) --clear-groups --inh-caps=-all env -i \
                PATH="$PATH:/usr/sbin:/sbin" HOME=\(home) XDG_RUNTIME_DIR=\(home)/run BUNDLETOOL_CONTAINERS=\(home)/containers \
                sh -euc "$0"
            """
        let all = "mkdir -p run; bundletool() { \(folder.path)/program \"$@\"; }; \(script)"
        return try await Tool.run(
            "timeout", ["-k", "5", "120", "unshare", "-m", "sh", "-euc", setup, all], in: folder.path)
    }

    /// An image with owners, devices, set-id bits, capabilities and labels, that the user may read.
    func image() async throws -> String {
        typealias Entry = TarBuilder.Entry
        let builder = try await ImageBuilder()
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12)
        let base: [Entry] = [
            Entry("./", "5"), Entry("etc/", "5"),
            Entry("etc/passwd", "0", "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n"),
            Entry("etc/group", "0", "root:x:0:\n"),
            Entry("web", "0", "web").with { ($0.user, $0.group) = (33, 34) },
            Entry("closed", "5").with { ($0.user, $0.group, $0.mode) = (0, 34, 0o500) },
            Entry("closed/inner", "0", "x").with { $0.mode = 0 },
            Entry("setuid", "0", "x").with { ($0.user, $0.mode) = (33, 0o4755) },
            Entry("far", "0", "x").with { ($0.user, $0.group, $0.mode) = (90000, 90001, 0o6755) },
            Entry("null", "3").with { ($0.mode, $0.major, $0.minor) = (0o666, 1, 3) },
            Entry("disk", "4").with { ($0.mode, $0.group, $0.major, $0.minor) = (0o660, 6, 8, 1) },
            Entry("link", "2", link: "web"), Entry("second", "1", link: "web"),
            Entry("fifo", "6").with { $0.mode = 0o600 },
            Entry("capable", "0", "x").with { $0.pax = [("SCHILY.xattr.security.capability", capability)] },
            Entry("trusted", "0", "x").with { $0.pax = [("SCHILY.xattr.trusted.x", [1])] },
            Entry("claim", "0", "x").with {
                $0.pax = [("SCHILY.xattr.user.containers.override_stat", Array("0:0:0666:char-1-1".utf8))]
            },
        ]
        let upper: [Entry] = [Entry("closed/.wh.inner"), Entry("closed/other", "0", "y").with { $0.user = 33 }]
        builder.list(
            try await builder.image(
                [TarBuilder.archive(base), TarBuilder.archive(upper)], config: ["Cmd": ["/bin/sh"], "User": "web"]),
            tag: "x")
        try builder.finish()
        let image = "\(folder.path)/image"
        try await Tool.shell("cp -r \(builder.path) \(image) && chmod -R a+rX \(image)")
        return image
    }

    func attribute(_ name: String, of file: String) async throws -> String {
        try await Tool.shell(
            "getfattr --only-values -n '\(name)' '\(file)' 2>/dev/null | od -An -tx1 | tr -d ' \\n'", in: folder.path)
    }

    func status(_ file: String) async throws -> String {
        try await Tool.shell("stat -c '%F %u:%g %a' home/containers/app/rootfs/\(file)", in: folder.path).trimmed
    }
}

@Suite("Without root", .timeLimit(.minutes(5)), .requiresRoot, .requires(tool: "newuidmap"), .requires(tool: "setpriv"))
struct RootlessTests {
    private static let ids = "bundletool-test:200000:65536\n"

    @Test("with the ids of /etc/subuid: owners are real, devices are recorded; export gives the same image back")
    func subordinate() async throws {
        let user = try await User(ids: Self.ids)
        let image = try await user.image()
        let made = try await user.run("bundletool create app --rootless --from oci:\(image):x")
        #expect(made.succeeded, "\(made.errors)")
        #expect(made.errors.contains("rootless with 65537 ids"), "\(made.errors)")
        #expect(made.errors.contains("the owner of 1 file and 2 device nodes are recorded"), "\(made.errors)")
        #expect(try await user.status("web") == "regular file 200032:200033 644")
        #expect(try await user.status("etc") == "directory \(User.id):\(User.id) 755")
        #expect(try await user.status("closed") == "directory \(User.id):200033 500")
        #expect(try await user.status("closed/other") == "regular file 200032:\(User.id) 644")
        #expect(try await user.status("setuid") == "regular file 200032:\(User.id) 4755")
        #expect(try await user.status("far") == "regular file \(User.id):\(User.id) 755", "no set-id bits for root")
        #expect(try await user.status("null") == "regular empty file \(User.id):\(User.id) 666")
        #expect(try await user.status("fifo") == "fifo \(User.id):\(User.id) 600")
        let rootfs = "home/containers/app/rootfs"
        // umoci's and containers-storage's notation.
        #expect(try await user.attribute("user.rootlesscontainers", of: "\(rootfs)/far") == "0890bf051091bf05")
        let device = try await user.attribute("user.containers.override_stat", of: "\(rootfs)/disk")
        #expect(
            device
                == Array("0:6:0660:block-8-1".utf8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                .joined())
        #expect(try await user.attribute("user.containers.override_stat", of: "\(rootfs)/claim") == "")
        #expect(try await user.attribute("security.capability", of: "\(rootfs)/capable").hasPrefix("01000003"))
        try await Self.roundTrip(user, image)
    }

    @Test(
        "with one id: owners are recorded as umoci records them; export gives the same image back",
        .requires(tool: "umoci"))
    func single() async throws {
        let user = try await User(ids: "")
        let image = try await user.image()
        let made = try await user.run("bundletool create app --rootless --from oci:\(image):x")
        #expect(made.succeeded, "\(made.errors)")
        #expect(
            made.errors.contains("rootless with one id") && made.errors.contains("bundletool-test none"),
            "\(made.errors)")
        #expect(made.errors.contains("container runs as root"), "\(made.errors)")
        #expect(try await user.status("web") == "regular file \(User.id):\(User.id) 644")
        #expect(try await user.status("null") == "regular empty file \(User.id):\(User.id) 666")
        #expect(try await user.status("closed") == "directory \(User.id):\(User.id) 500")
        // The same records as umoci's, but that devices and claims are ours.
        let theirs = try await user.run("umoci unpack --rootless --image \(image):x theirs")
        #expect(theirs.succeeded, "\(theirs.errors)")
        func listing(_ path: String) async throws -> [String] {
            let lines = try await TreeListing.of("\(user.folder.path)/home/\(path)")
            return lines.flatMap { $0.split(separator: "\n") }.map(String.init).filter {
                !$0.contains("override_stat") && !$0.contains("security.capability") && !$0.hasPrefix("# file")
            }.sorted()
        }
        // umoci cannot write the one of a folder that its owner may not write to.
        let closed = "user.rootlesscontainers=0x08ffffffff0f1022"
        var ours = try await listing("containers/app/rootfs")
        #expect(ours.contains(closed))
        ours.removeAll { $0 == closed }
        #expect(try await ours == listing("theirs/rootfs"))
        try await Self.roundTrip(user, image)
    }

    /// `export` by the user: nothing has changed, and what is recorded is put back where it has.
    private static func roundTrip(_ user: User, _ image: String) async throws {
        let root = ContainersFolder(option: user.folder.path)
        let original = try await OCIBundle.create(BundleName("original"), in: root, from: ImageSource("oci:\(image):x"))
        let exported = try await user.run("bundletool export app oci-archive:out.tar")
        #expect(exported.succeeded, "\(exported.errors)")
        let same = try await OCIBundle.create(
            BundleName("same"), in: root, from: ImageSource("oci-archive:\(user.folder.path)/home/out.tar"))
        #expect(try await TreeListing.of(same.rootfsPath) == TreeListing.of(original.rootfsPath))
        let layer = try await Tool.shell(
            """
            mkdir layers; tar -xf home/out.tar -C layers
            manifest=$(python3 -c 'import json; print(json.load(open("layers/index.json"))["manifests"][0]["digest"][7:])')
            last=$(python3 -c 'import json, sys; print(json.load(open("layers/blobs/sha256/" + sys.argv[1]))["layers"][-1]["digest"][7:])' $manifest)
            zcat layers/blobs/sha256/$last | tar -t
            """, in: user.folder.path)
        #expect(layer == "", "nothing has changed")

        // As one layer, without the image: all of it comes from what is recorded.
        let whole = try await user.run(
            "bundletool create whole --rootless --from tar:\(user.folder.path)/plain.tar 2>/dev/null && bundletool export whole whole.tar"
        )
        #expect(!whole.succeeded)
        try await Tool.shell(
            "tar --numeric-owner --xattrs --xattrs-include='*' --format=pax -cf plain.tar -C \(original.rootfsPath) . && chmod a+r plain.tar",
            in: user.folder.path)
        let plain = try await user.run(
            "bundletool create whole --rootless --from tar:\(user.folder.path)/plain.tar && bundletool export whole whole.tar"
        )
        #expect(plain.succeeded, "\(plain.errors)")
        let restored = try await OCIBundle.create(
            BundleName("restored"), in: root, from: ImageSource("\(user.folder.path)/home/whole.tar"))
        func comparable(_ bundle: OCIBundle) async throws -> [String] {
            try await TreeListing.of(bundle.rootfsPath).flatMap { $0.split(separator: "\n") }.map(String.init)
                .filter { !$0.contains("override_stat") && !$0.contains("trusted.x") && !$0.hasPrefix("# file") }
                .sorted()
        }
        #expect(try await comparable(restored) == comparable(original))
    }

    @Test("clone and delete, by the user alone", arguments: ["", ids])
    func others(ids: String) async throws {
        let user = try await User(ids: ids)
        let image = try await user.image()
        let outcome = try await user.run(
            """
            bundletool create app --rootless --from oci:\(image):x 2>/dev/null
            bundletool clone app copy
            """)
        #expect(outcome.succeeded, "\(outcome.errors)")
        let containers = "\(user.folder.path)/home/containers"
        #expect(try await TreeListing.of("\(containers)/copy/rootfs") == TreeListing.of("\(containers)/app/rootfs"))
        let deleted = try await user.run("bundletool delete --bundle app; bundletool delete --bundle copy")
        #expect(deleted.succeeded, "\(deleted.errors)")
        #expect(try Files.names(in: containers).isEmpty)
        let refused = try await user.run("bundletool create app --from oci:\(image):x")
        #expect(refused.status == 1 && refused.errors.contains("--rootless"), "\(refused.errors)")
    }

    @Test("SIGTERM reaches the second run: nothing is left")
    func interrupted() async throws {
        let user = try await User(ids: Self.ids)
        let outcome = try await user.run(
            """
            mkfifo archive
            \(user.folder.path)/program create app --rootless --from tar:archive &
            child=$!
            exec 3>archive
            for try in $(seq 200); do [ -n "$(ls -A containers 2>/dev/null)" ] && break; sleep 0.05; done
            kill -TERM $child
            status=0; wait $child || status=$?
            echo "status $status"; ls -A containers 2>/dev/null || :
            """)
        #expect(outcome.output == "status 1\n", "\(outcome)")
        #expect(outcome.errors.contains("interrupted"), "\(outcome.errors)")
    }

    /// crun gives up where cgroups are of both versions.
    private static let runtimes = ["runc"] + (Files.exists("/sys/fs/cgroup/unified/cgroup.procs") ? [] : ["crun"])

    @Test(
        "the runtime starts it, as the user",
        .requiresRootfs, arguments: runtimes, ["", ids])
    func runs(runtime: String, ids: String) async throws {
        let user = try await User(ids: ids)
        try await Tool.shell(
            "cp \(CacheFolder.path)/python-rootfs.tar.gz rootfs.tar.gz; chmod a+r rootfs.tar.gz", in: user.folder.path)
        let made = try await user.run(
            """
            bundletool create app --rootless --from tar:\(user.folder.path)/rootfs.tar.gz --terminal=false \
                --args /bin/sh --args -c --args 'id -u; cat /proc/self/uid_map; echo written >/file; stat -c %u /file' 2>/dev/null
            """)
        #expect(made.succeeded, "\(made.errors)")
        let outcome = try await user.run(
            "\(runtime) --root \"$XDG_RUNTIME_DIR/state\" run --bundle containers/app rootless-test")
        let words = outcome.output.split { $0.isWhitespace }.map(String.init)
        let rest = ids.isEmpty ? [] : ["1", "200000", "65536"]
        #expect(words == ["0", "0", "\(User.id)", "1"] + rest + ["0"], "\(outcome)")
        #expect(try await user.status("file") == "regular file \(User.id):\(User.id) 644")
    }
}
