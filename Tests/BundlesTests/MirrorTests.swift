import Bundles
import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("Keeping a tree the same as another", .requiresRoot, .requires(tool: "getfattr"))
struct MirrorTests {
    /// Two folders, and a mirror from one to the other.
    private struct Pair {
        let folder: TemporaryFolder
        let mirror: TreeMirror

        init(_ script: String = "") async throws {
            folder = try TemporaryFolder()
            try await Tool.shell("mkdir source target\n\(script)", in: folder.path)
            mirror = try TreeMirror(of: folder.open("source"), in: folder.open("target"))
        }

        @discardableResult
        func pass(mapped: Set<FileIdentity> = []) async throws -> TreeMirror.Changes {
            let mirror = mirror
            return try await onThread("mirror") { try mirror.pass(mapped: mapped) }
        }

        func expectSame(_ comment: Comment? = nil, location: SourceLocation = #_sourceLocation) async throws {
            let source = try await TreeListing.of("\(folder.path)/source")
            let target = try await TreeListing.of("\(folder.path)/target")
            #expect(source == target, comment, sourceLocation: location)
            #expect(
                try await TreeListing.hardlinks(of: "\(folder.path)/source")
                    == TreeListing.hardlinks(of: "\(folder.path)/target"), comment, sourceLocation: location)
        }
    }

    private static let everything = """
        cd source
        mkdir -p a/b/c d
        echo one >a/one; echo two >a/b/two; head -c 3000000 /dev/urandom >a/large
        truncate -s 5M a/sparse; printf x | dd of=a/sparse bs=1 seek=2000000 conv=notrunc status=none
        ln a/one a/b/again; ln -s ../nowhere a/link; mkfifo -m 640 a/fifo; mknod -m 620 a/device c 1 7
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("a/socket")'
        chown 12:34 a/one; chown -h 5:6 a/link; chmod 4711 a/b/two; chmod 1770 d; setfattr -n user.note -v text a/one
        setfattr -n trusted.secret -v 1 d; touch -d '2001-02-03 04:05:06.789' a/one a/b; touch 'a/ new
        line'
        cd ..
        """

    @Test("an empty folder gets everything; a second pass has nothing to do")
    func fromNothing() async throws {
        let pair = try await Pair(Self.everything)
        #expect(try await pair.pass().files > 10)
        try await pair.expectSame()
        #expect(try await pair.pass() == TreeMirror.Changes())
        let blocks = try await Tool.shell("stat -c %b target/a/sparse", in: pair.folder.path)
        #expect(try #require(Int(blocks.dropLast())) < 1000)
    }

    @Test("whatever was there before: other kinds under the same names, other links, other content of the same size")
    func fromOther() async throws {
        let pair = try await Pair(
            """
            \(Self.everything)
            cd target
            mkdir -p a/one/deep/er a/link d/more; echo TWO >a/file; mkdir -p a/b; ln a/file a/b/again; ln a/file a/b/two
            ln -s /etc a/b/c; ln -s /etc/passwd a/large; ln -s /dev/null a/fifo; echo x >a/device; mkdir a/socket
            head -c 5M /dev/zero | tr '\\0' z >a/sparse; setfattr -n user.old -v 1 d
            """)
        try await pair.pass()
        try await pair.expectSame()
        #expect(try await Tool.shell("getent passwd root").hasPrefix("root"))
    }

    @Test("only what differs is written")
    func little() async throws {
        let pair = try await Pair("head -c 50000000 /dev/urandom >source/table; cp -a source/table target/table")
        #expect(try await pair.pass().bytes == 0)
        try await Tool.shell(
            "printf changed | dd of=source/table bs=1 seek=30000000 conv=notrunc status=none", in: pair.folder.path)
        #expect(try await pair.pass().bytes == 65_536)
        try await Tool.shell("echo more >>source/table", in: pair.folder.path)
        #expect(try await pair.pass().bytes <= 65_536)
        try await Tool.shell("truncate -s 1000 source/table", in: pair.folder.path)
        try await pair.pass()
        try await pair.expectSame()
    }

    @Test("what a process writes through a mapping, without a change of the file's times")
    func mapped() async throws {
        let pair = try await Pair("head -c 100000 /dev/zero >source/table")
        let identity = try Descriptor.open("\(pair.folder.path)/source/table", O_RDONLY).status().identity
        let program = """
            import mmap, signal, sys, time
            file = open("source/table", "r+b")
            table = mmap.mmap(file.fileno(), 0)
            table[0] = 1
            signal.signal(signal.SIGUSR1, lambda *_: (table.__setitem__(1, 2), table.close(), print("written", flush=True)))
            print("mapped", flush=True)
            while True: time.sleep(1)
            """
        let writer = try await RunningProgram.start("python3", ["-c", program], in: pair.folder.path)
        try await wait(for: "the mapping") { writer.output.contains("mapped") }
        try await pair.pass(mapped: [identity])
        // So that the times of the file alone would tell that nothing has happened since.
        try await Tool.shell("touch -d '2001-01-01' source/table; sleep 3.1", in: pair.folder.path)
        try await pair.pass(mapped: [identity])
        writer.signal(SIGUSR1)
        try await wait(for: "the write") { writer.output.contains("written") }
        // Nobody has it mapped any more.
        try await pair.pass()
        try await pair.expectSame()
    }

    @Test("a folder that goes and comes back is filled again")
    func comeback() async throws {
        let pair = try await Pair(
            "mkdir -p source/a/b; echo 1 >source/a/b/c; touch -d 2001-01-01 source/a/b/c; sleep 3.1")
        try await pair.pass()
        try await Tool.shell("mv source/a .", in: pair.folder.path)
        #expect(try await pair.pass().removed == 1)
        try await Tool.shell("mv a source/", in: pair.folder.path)
        try await pair.pass()
        try await pair.expectSame()
    }

    @Test("what is mounted inside either tree is left alone")
    func mounts() async throws {
        let pair = try await Pair(
            """
            mkdir source/volume target/kept; mount -t tmpfs tmpfs source/volume; echo 1 >source/volume/file
            mount -t tmpfs tmpfs target/kept; echo 2 >target/kept/file
            """)
        defer {
            for name in ["source/volume", "target/kept"] { umount2("\(pair.folder.path)/\(name)", Int32(MNT_DETACH)) }
        }
        try await pair.pass()
        #expect(try Files.names(in: "\(pair.folder.path)/target/volume") == [])
        #expect(try Files.names(in: "\(pair.folder.path)/target/kept") == ["file"])
    }

    @Test("a full disk is told, and with room the next pass goes on")
    func fullDisk() async throws {
        let disk = try await TemporaryMount.tmpfs(megabytes: 8)
        let folder = try TemporaryFolder()
        try await Tool.shell("mkdir source; head -c 6000000 /dev/urandom | tee source/one >source/two", in: folder.path)
        let mirror = try TreeMirror(of: folder.open("source"), in: Descriptor.open(disk.path, O_RDONLY | O_DIRECTORY))
        let error = try await #require(throws: BundleError.self) {
            try await onThread("mirror") { try mirror.pass(mapped: []) }
        }
        #expect("\(error)".contains("No space left on device"))
        try await Tool.shell("mount -o remount,size=30m \(disk.path)")
        _ = try await onThread("mirror") { try mirror.pass(mapped: []) }
        try await Tool.shell("diff -r source \(disk.path)", in: folder.path)
    }

    /// Random changes between passes, more of them with `BUNDLETOOL_MIRROR_ROUNDS`.
    @Test("any changes, in any order, between any two passes")
    func random() async throws {
        let rounds = getenv("BUNDLETOOL_MIRROR_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 12
        let seed = Int.random(in: 0..<1_000_000)
        let pair = try await Pair(Self.everything)
        for round in 0..<rounds {
            _ = try await RunningProgram.run(
                "python3", ["-c", Self.changes, "\(seed + round)"], in: "\(pair.folder.path)/source")
            // As if it were long ago: only then are the times believed.
            if round % 3 == 0 { try await Tool.shell("sleep 3.1") }
            try await pair.pass()
            try await pair.expectSame("seed \(seed), round \(round)")
        }
    }

    private static let changes = """
        import os, random, shutil, sys
        random.seed(int(sys.argv[1]))
        def paths(folders=True):
            found = []
            for top, inner, files in os.walk("."):
                found += [os.path.join(top, name) for name in files + (inner if folders else [])]
            return sorted(found)
        def folders():
            return ["."] + sorted(os.path.join(top, name) for top, inner, _ in os.walk(".") for name in inner if not os.path.islink(os.path.join(top, name)))
        def fresh():
            return os.path.join(random.choice(folders()), "n%d" % random.randrange(40))
        def regular():
            return [path for path in paths(False) if os.path.isfile(path) and not os.path.islink(path)]
        for _ in range(15):
            try:
                what = random.randrange(11)
                if what == 0: open(fresh(), "wb").write(os.urandom(random.randrange(200000)))
                if what == 1: os.mkdir(fresh())
                if what == 2: os.rename(random.choice(paths()), fresh())
                if what == 3: os.link(random.choice(regular()), fresh())
                if what == 4: os.unlink(random.choice(paths(False)))
                if what == 5: shutil.rmtree(random.choice(folders()[1:]))
                if what == 6: os.symlink(random.choice(["/etc", "a", "n1"]), fresh())
                if what == 7:
                    with open(random.choice(regular()), "r+b") as file:
                        file.seek(random.randrange(300000)); file.write(os.urandom(100))
                if what == 8: os.truncate(random.choice(regular()), random.randrange(100000))
                if what == 9: os.chmod(random.choice(regular()), random.choice([0o600, 0o755, 0o4755]))
                if what == 10:
                    path = random.choice(regular()); times = os.stat(path)
                    size = times.st_size
                    open(path, "r+b").write(os.urandom(size)); os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            except OSError:
                pass
        """
}
