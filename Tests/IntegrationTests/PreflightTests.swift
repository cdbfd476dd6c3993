import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "What cannot be moved is told before anything is disturbed", .serialized, .timeLimit(.minutes(3)), .requiresRoot,
    .requires(tool: "runc"), .requiresCRIU, .requiresRootfs)
struct MigrationPreflightTests {
    /// Opens something that CRIU does not carry, besides serving.
    private static let program = """
        import ctypes, os, runpy
        libc = ctypes.CDLL(None)
        if os.environ.get("OPEN") == "io_uring":
            libc.syscall(425, 4, ctypes.create_string_buffer(256))
        if os.environ.get("OPEN") == "userfaultfd":
            libc.syscall(323, 1)
        runpy.run_path("/srv/real.py", run_name="__main__")
        """

    @Test("everything wrong at once, each with what to do; the container has not noticed")
    func all() async throws {
        try await Stage.serving(prepare: { stage in
            let folder = "\(stage.containers)/pyserver"
            try await Tool.shell("mv rootfs/srv/server.py rootfs/srv/real.py", in: folder)
            try Files.write(Array(Self.program.utf8), to: "\(folder)/rootfs/srv/server.py")
            try await stage.succeed(
                "config", "edit", "pyserver", "--env", "OPEN=userfaultfd", "--cap-add", "CAP_SYS_PTRACE",
                "--linux-seccomp-profile", "none")
        }) { stage in
            try await stage.succeed(
                "config", "edit", "pyserver2", "--mounts-remove", "/dev/mqueue", "--mounts-add",
                #"{"destination": "/data", "type": "bind", "source": "/nowhere/at/all", "options": ["bind"]}"#)
            let before = try await stage.listed()
            let rules = try await stage.firewallRules()
            try await Tool.shell("runc --root '\(stage.state)' exec -d \(stage.id) /bin/sleep 60")
            for words in [["migrate", "--predump"], ["migrate", "--dry-run"]] {
                let outcome = try await stage.run(words + ["pyserver", "pyserver2"])
                expectError(outcome, "container \(stage.id) cannot be moved", "(1) ", "(5) ")
                for part in ["userfaultfd", "(exec)", "/dev/mqueue", "binds /data", "/nowhere/at/all"] {
                    #expect(outcome.errors.contains(part), "\(outcome.errors)")
                }
            }
            #expect(try await stage.listed() == before)
            #expect(try await stage.firewallRules() == rules)
            #expect(try stage.leftovers() == [])
            _ = try await stage.checksum()
        }
    }

    @Test("a rootfs that is left as it is has to fit; made the same, it does")
    func rootfs() async throws {
        try await Stage.serving { stage in
            try await Tool.shell(
                "rm pyserver2/rootfs/usr/bin/python3*; cp pyserver2/rootfs/etc/passwd pyserver2/rootfs/etc/more",
                in: stage.containers)
            let words = ["migrate", "--rootfs", "keep", "pyserver", "pyserver2"]
            expectError(try await stage.run(words), "/usr/bin/python3", "is not there", "--rootfs sync")
            #expect(try await stage.runningBundle() == "pyserver")
            let sum = try await stage.checksum().sha256
            _ = try await stage.migrate(words: ["--rootfs", "sync", "pyserver", "pyserver2"])
            #expect(try await stage.runningBundle() == "pyserver2")
            #expect(try await stage.checksum().sha256 == sum)
            #expect(!Files.exists("\(stage.containers)/pyserver2/rootfs/etc/more"))
        }
    }

    @Test("a file of the host for standard output is refused by its name")
    func hostFile() async throws {
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await Tool.shell(
                "runc --root '\(stage.state)' run -d -b containers/pyserver \(stage.id) </dev/null >output 2>/dev/null",
                in: stage.folder.path)
            try await stage.waitUntilServing()
            expectError(try await stage.run("migrate", "pyserver"), "descriptor 1", "\(stage.folder.path)/output")
            #expect(try await stage.runningBundle() == "pyserver")
        }
    }

    @Test("--dry-run predicts, and moves nothing")
    func dryRun() async throws {
        try await Stage.serving(megabytes: 30) { stage in
            let before = try await stage.listed()
            let text = try await stage.succeed("migrate", "--dry-run", "--json", "--predump", "--bandwidth", "10MB/s")
            let forecast = try JSONDecoder().decode(MigrationForecast.self, from: Data(text.utf8))
            #expect(forecast.container == stage.id)
            #expect(forecast.memory > 30_000_000 && forecast.memory < 100_000_000)
            #expect(forecast.rounds >= 2 && forecast.converges)
            #expect(forecast.frozenBytes < 10_000_000)
            let plain = try await stage.succeed("migrate", "--dry-run", "--bandwidth", "10MB/s")
            #expect(plain.contains("can move to \(stage.containers)/pyserver2"))
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
        }
    }
}
