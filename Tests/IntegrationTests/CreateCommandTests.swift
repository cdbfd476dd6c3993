import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("Creating bundles on the command line", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requiresRootfs)
struct CreateCommandTests {
    /// What is wrong, how the command line looks, and a word of the answer.
    struct BadInput: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// A script that prepares the working folder.
        var prepare = ":"
        let words: [String]
        let answer: String
        var status: Int32 = 1

        init(_ description: String, prepare: String = ":", _ words: [String], _ answer: String, status: Int32 = 1) {
            testDescription = description
            self.prepare = prepare
            self.words = words
            self.answer = answer
            self.status = status
        }
    }

    private static let tree = "mkdir -p tree/etc; echo x >tree/etc/passwd; "

    static let badInputs = [
        BadInput("missing tarball", ["one", "--from", "tar:missing.tar"], "missing.tar"),
        BadInput(
            "truncated tarball",
            prepare: tree
                + "head -c 100000 /dev/urandom >tree/f; tar -czf whole.tgz -C tree .; head -c 50000 whole.tgz >t.tgz",
            ["one", "--from", "t.tgz"], "t.tgz"),
        BadInput("no archive", prepare: "head -c 4096 /dev/urandom >noise", ["one", "--from", "tar:noise"], "noise"),
        BadInput("empty file", prepare: ": >empty.tar", ["one", "--from", "tar:empty.tar"], "empty.tar"),
        BadInput(
            "a member outside", prepare: tree + "tar -cPf up.tar -C tree etc --transform 's,^etc/passwd,../x,'",
            ["one", "--from", "up.tar"], "../x"),
        BadInput("missing folder", ["one", "--from", "dir:missing"], "missing"),
        BadInput("a slash in the name", ["a/b", "--from", "dir:/etc"], "a/b"),
        BadInput("the folder above", ["..", "--from", "dir:/etc"], ".."),
        BadInput("a newline", ["a\nb", "--from", "dir:/etc"], "newline"),
        BadInput("an empty name", ["", "--from", "dir:/etc"], "empty"),
        BadInput("an unknown recipe", ["nothing"], "nothing"),
        BadInput("no name", [], "--help", status: 2),
        BadInput("an unknown option", ["one", "--nonsense"], "--help", status: 2),
    ]

    @Test("bad input: one line, nothing left", arguments: badInputs)
    func badInput(input: BadInput) async throws {
        try await Stage.empty { stage in
            try await Tool.shell(input.prepare, in: stage.folder.path)
            let before = try await Tool.shell("find . | sort", in: stage.folder.path)
            expectError(try await stage.run(["create"] + input.words), status: input.status, input.answer)
            #expect(try await Tool.shell("find . | sort", in: stage.folder.path) == before)
        }
    }

    @Test(
        "a taken name, in any form, is left as it is",
        arguments: [
            "mkdir one", "touch one", "ln -s nowhere one", "ln -s /etc one", "mkfifo one", "mkdir -p one/rootfs",
        ])
    func taken(script: String) async throws {
        try await Stage.empty { stage in
            try await Tool.shell("mkdir containers; cd containers; \(script)", in: stage.folder.path)
            let before = try await TreeListing.of(stage.containers)
            expectError(try await stage.run("create", "one", "--from", "dir:/etc/default"), "one", "already")
            #expect(try await TreeListing.of(stage.containers) == before)
            #expect(try Files.names(in: stage.folder.path) == ["containers"])
        }
    }

    @Test("a full disk")
    func fullDisk() async throws {
        let disk = try await TemporaryMount.tmpfs(megabytes: 8)
        try await Stage.empty { stage in
            expectError(try await stage.run("create", "pyserver", "--containers", "\(disk.path)/new"), "full")
            #expect(try Files.names(in: disk.path) == [])
        }
    }

    @Test("no rootfs tarball in the cache: says what makes it")
    func missingRootfs() async throws {
        try await Stage.empty { stage in
            stage.set("BUNDLETOOL_CACHE", "\(stage.folder.path)/nothing")
            expectError(try await stage.run("create", "pyserver"), "fixtures/python-rootfs.sh")
            #expect(try Files.names(in: stage.folder.path) == [])
        }
    }

    @Test("a clone of nothing, under a taken name, on a full disk")
    func badClones() async throws {
        let disk = try await TemporaryMount.tmpfs(megabytes: 8)
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            let before = try await TreeListing.of(stage.containers)
            expectError(try await stage.run("clone", "nothing", "two"), "nothing")
            expectError(try await stage.run("clone", "pyserver", "pyserver"), "already")
            expectError(try await stage.run("clone", "pyserver", "a/b"), "a/b")
            expectError(try await stage.run("clone", "pyserver"), status: 2, "--help")
            let full = try await stage.run("clone", "./containers/pyserver", "two", "--containers", disk.path)
            expectError(full, "full")
            #expect(try Files.names(in: disk.path) == [])
            #expect(try await TreeListing.of(stage.containers) == before)
        }
    }
}
