import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// Unpacks an archive from memory into a new folder.
func unpack(_ archive: [UInt8], into folder: TemporaryFolder, name: String = "rootfs") async throws {
    let file = "\(folder.path)/\(name).tar"
    try Files.write(archive, to: file)
    let root = try folder.makeFolder(name)
    try await unpack(file: file, into: root)
}

func unpack(file: String, into root: Descriptor) async throws {
    try await Cancellation.scope {
        try await TarUnpacker(cancellation: $0).unpack(TarFile.stream(file, progress: nil), into: root)
    }
}

@Suite("Unpacking plain tars", .requiresRoot)
struct UnpackTests {
    /// Everything that a tree can have, made by coreutils.
    static let makeTree = """
        umask 022; mkdir tree; cd tree
        mkdir -p usr/bin etc empty/deeper 'odd names' sticky; chmod 1777 sticky; chmod 0750 empty
        echo hello >usr/bin/tool; chmod 4755 usr/bin/tool; chown 12:34 usr/bin/tool; chmod 4755 usr/bin/tool
        echo shared >etc/one; ln etc/one etc/two; ln etc/one usr/three
        ln -s /etc/one etc/absolute; ln -s ../etc/two usr/relative; chown -h 7:8 usr/relative; ln -s nowhere dangling
        ln usr/relative usr/linked-link
        mkfifo -m 0620 pipe; mknod -m 0666 null c 1 3; mknod -m 0600 disk b 8 17; chown 1:2 null
        truncate -s 3M holes; printf data | dd of=holes bs=1 seek=1048576 conv=notrunc status=none
        truncate -s 2M only-hole; : >empty-file
        touch "odd names/new
        line" "odd names/-dash" 'odd names/\\303\\244' "$(printf 'odd names/\\377\\376')"
        setfattr -n user.note -v remark etc/one; setfattr -n user.dir -v x empty
        setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 usr/bin/tool
        mkdir readonly; echo x >readonly/file; chmod 0555 readonly; chown 3000000000:4000000000 readonly/file
        name=$(printf 'n%.0s' $(seq 200)); mkdir -p "long/$name/$name"; echo y >"long/$name/$name/$name"
        ln -s "$name/$name/$name" long/link
        find . -exec touch -h -d '2001-02-03 04:05:06.123456789' {} +
        touch -d '1960-01-01 00:00:00' etc/one
        """

    static let packers: [String] = {
        let gnu = "tar --format=pax --xattrs --xattrs-include='*' --sparse"
        return ["", "--sparse-version=0.0", "--sparse-version=0.1"].map { "\(gnu) \($0) -C tree -cf -" }
            + ["bsdtar --format=pax -C tree -cf -"]
    }()

    @Test(
        "is the tree that was packed",
        arguments: packers, ["cat", "gzip", "zstd -q", "xz", "bzip2"])
    func sameTree(pack: String, compress: String) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(Self.makeTree + "\ncd ..; \(pack) . | \(compress) >packed", in: folder.path)
        let root = try folder.makeFolder("ours")
        try await unpack(file: "\(folder.path)/packed", into: root)
        #expect(try await TreeListing.of("\(folder.path)/ours") == TreeListing.of("\(folder.path)/tree"))
        let links = try await TreeListing.hardlinks(of: "\(folder.path)/ours")
        #expect(links == [["etc/one", "etc/two", "usr/three"], ["usr/linked-link", "usr/relative"]])
        let blocks = try await Tool.shell("stat -c %b ours/only-hole ours/holes", in: folder.path)
        #expect(blocks.split(separator: "\n").allSatisfy { Int($0)! <= 256 })
    }

    @Test("reads what other tars write", arguments: ["gnu", "oldgnu", "ustar", "v7"])
    func formats(format: String) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            """
            mkdir tree; cd tree; mkdir -p a/b; echo 1 >a/b/file; ln a/b/file a/other; ln -s b/file a/link
            truncate -s 1M a/sparse; printf x | dd of=a/sparse bs=1 seek=600000 conv=notrunc status=none
            for i in $(seq 30); do printf x | dd of=a/sparse bs=1 seek=$((i * 32768)) conv=notrunc status=none; done
            find . -exec touch -h -d @1000000000 {} +
            case \(format) in *gnu) sparse=--sparse ;; *) sparse= ;; esac
            tar --format=\(format) $sparse -cf ../packed .
            """, in: folder.path)
        let root = try folder.makeFolder("ours")
        try await unpack(file: "\(folder.path)/packed", into: root)
        #expect(try await TreeListing.of("\(folder.path)/ours") == TreeListing.of("\(folder.path)/tree"))
    }

    @Test("implied parents are 0755, root's; doubled slashes, ./ and / in front make no difference")
    func impliedParents() async throws {
        let folder = try TemporaryFolder()
        let entries = ["./a//b/./file", "/c/file", "d/"].map { TarBuilder.Entry($0, $0 == "d/" ? "5" : "0") }
        try await unpack(TarBuilder.archive(entries.map { $0.with { $0.user = 5 } }), into: folder)
        let modes = try await Tool.shell("stat -c '%a %u %n' a a/b a/b/file c c/file d", in: "\(folder.path)/rootfs")
        #expect(modes == "755 0 a\n755 0 a/b\n644 5 a/b/file\n755 0 c\n644 5 c/file\n755 5 d\n")
    }

    @Test("the last of several entries of one name counts, whatever the types", arguments: ["0", "5", "2", "1", "6"])
    func lastWins(type: Character) async throws {
        let folder = try TemporaryFolder()
        for (index, earlier) in ["0", "5", "2", "6"].map(Character.init).enumerated() {
            var tar = TarBuilder()
            tar.add("target", "0", "target")
            tar.add("x", earlier, "", link: "target")
            if earlier == "5" { tar.add("x/below", "0", "gone") }
            tar.add("x", type, type == "0" ? "last" : "", link: "target")
            try await unpack(tar.finished(), into: folder, name: "r\(index)")
            let status = try folder.open("r\(index)").status(of: FileName("x"))
            let expected: [Character: FileKind] = [
                "0": .regular, "5": .directory, "2": .symlink, "1": .regular, "6": .fifo,
            ]
            #expect(status.kind == expected[type])
            if type == "1" { #expect(status.st_nlink == 2) }
        }
        let target = try Files.contents(of: "\(folder.path)/r2/target")
        #expect(target == Array("target".utf8), "nothing was written through the symlink")
    }

    @Test("hardlinks may come before their target, and before each other")
    func earlyHardlinks() async throws {
        let folder = try TemporaryFolder()
        var tar = TarBuilder()
        tar.add("one", "1", "", link: "two")
        tar.add("two", "1", "", link: "dir/three")
        tar.add("dir/three", "0", "content")
        try await unpack(tar.finished(), into: folder)
        #expect(try await TreeListing.hardlinks(of: "\(folder.path)/rootfs") == [["dir/three", "one", "two"]])
    }

    @Test("zeros become holes, and stay zeros")
    func zeros() async throws {
        let folder = try TemporaryFolder()
        var content = [UInt8](repeating: 0, count: 3 << 20)
        for place in [0, 70_000, 1 << 20, (3 << 20) - 1] { content[place] = 7 }
        try await unpack(TarBuilder.archive([.init("f").with { $0.content = content }]), into: folder)
        #expect(try Files.contents(of: "\(folder.path)/rootfs/f") == content)
        let status = try folder.open("rootfs").status(of: FileName("f"))
        #expect(status.st_blocks * 512 < 1 << 20)
    }
}
