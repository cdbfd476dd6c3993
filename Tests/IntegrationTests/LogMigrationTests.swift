import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "The log of a container that moves", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs)
struct LogMigrationTests {
    /// A stage with the bundles `pyserver` and `pyserver2`, whose container counts.
    private static func counting(_ body: (Stage) async throws -> Void) async throws {
        try await Stage.empty { stage in
            try await stage.bundle("pyserver", Stage.counter)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id, "--log-max-size", "1GB")
            try await stage.waitForOutput("1000\n")
            try await body(stage)
        }
    }

    @Test("ten times to and fro: every line once and in order, also for a follower; then the exit status")
    func toAndFro() async throws {
        try await Self.counting { stage in
            let follow = try await stage.start("logs", "--follow", stage.id)
            let monitor = try stage.monitor()
            for turn in 1...10 {
                let before = follow.output.utf8.count
                _ = try await stage.migrate(words: turn % 2 == 1 ? ["--predump"] : [])
                try await wait(for: "more lines") { follow.output.utf8.count > before }
            }
            #expect(try stage.monitor() == monitor)
            try await stage.expectCounted()
            let outcome = try await follow.outcome()
            #expect(outcome.status == 0)
            #expect(try await stage.isCounted(outcome.output) > 1000)
            #expect(outcome.output == outcome.errors)
            #expect(try await stage.succeed("list").contains("stopped (exit 7)"))
            // The bundle that it has left may go; the log is the container's.
            try await stage.succeed("delete", "--bundle", "pyserver2")
            #expect(try await stage.run("logs", stage.id).output == outcome.output)
        }
    }

    @Test("a failed restore is undone: no line is missing, and none of the runtime's is there")
    func rollback() async throws {
        try await Self.counting { stage in
            try await stage.succeed(
                "config", "edit", "pyserver2", "--hooks-createruntime-add",
                #"{"path": "/bin/sh", "args": ["sh", "-c", "echo said by the hook; exit 1"]}"#)
            for method in ["held", "page-server"] {
                expectError(
                    try await stage.run("migrate", "pyserver", "pyserver2", "--dump-method", method), "hook",
                    "runs again in")
            }
            try await stage.expectCounted()
        }
    }

    @Test("migrate is killed, recover mends it: no line is missing", arguments: [0.6, 0.85])
    func killedMigration(share: Double) async throws {
        try await Self.counting { stage in
            let whole = try await stage.migrate(words: ["pyserver", "pyserver2"]).totalSeconds
            let migrate = try await stage.start("migrate", "pyserver2", "pyserver")
            try await Task.sleep(for: .seconds(whole * share))
            migrate.signal(SIGKILL)
            _ = try await migrate.outcome()
            let follow = try await stage.start("logs", "--follow", stage.id)
            try await stage.succeed("recover")
            #expect(try await stage.listed().map(\.status) == ["running"])
            _ = try await stage.migrate(words: [])
            try await stage.expectCounted()
            #expect(try await stage.isCounted(try await follow.outcome().output) > 1000)
        }
    }

    @Test("the monitor is killed: list brings another one, and the container moves on")
    func killedMonitor() async throws {
        // Every two seconds a line: a write while nobody reads would end it.
        let program = """
            import signal, sys, time
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            n = 0
            while True:
                n += 1
                print(n, flush=True)
                time.sleep(2)
            """
        try await Stage.empty { stage in
            try await stage.bundle("pyserver", program)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            let follow = try await stage.start("logs", "--tail", "1", "--follow", stage.id)
            try await stage.waitForOutput("2\n")
            let first = try stage.monitor()
            follow.signal(SIGSTOP)
            #expect(kill(first, SIGKILL) == 0)
            let list = try await stage.run("list")
            #expect(list.errors.contains("the monitor of container \(stage.id) was killed"))
            #expect(try stage.monitor() != first)
            #expect(try await stage.run("list").errors == "")
            follow.signal(SIGCONT)
            try await stage.waitForOutput("3\n")
            // And so does migrate itself.
            #expect(kill(try stage.monitor(), SIGKILL) == 0)
            _ = try await stage.migrate(words: [])
            try await stage.waitForOutput("4\n")
            try await stage.succeed("kill", stage.id)
            #expect(try await stage.succeed("wait", stage.id) == "7\n")
            let lines = try await stage.succeed("logs", stage.id)
            #expect(try await stage.isCounted(lines) >= 4)
            let followed = try await follow.outcome()
            #expect(followed.status == 0, "\(followed.errors)")
            #expect(lines.hasSuffix(followed.output) && followed.output.hasSuffix("4\n"), "\(followed.output)")
        }
    }

    @Test("a container without a log moves as it always did", arguments: ["--no-log", "runc"])
    func withoutLog(how: String) async throws {
        try await Stage.serving(megabytes: 1) { stage in
            let other = "\(stage.id)-other"
            try await stage.bundle("quiet", "import time; time.sleep(1000)")
            try await stage.succeed("clone", "quiet", "quiet2")
            if how == "runc" {
                try await Tool.shell(
                    "runc --root '\(stage.state)' run --detach --bundle containers/quiet '\(other)' </dev/null >/dev/null 2>&1",
                    in: stage.folder.path)
            } else {
                try await stage.succeed("run", "quiet", "--id", other, how)
            }
            for bundle in ["quiet2", "quiet"] {
                _ = try await stage.migrate(words: [other, bundle])
                let container = try #require(try await stage.listed().first { $0.id == other })
                #expect(container.isRunning && container.bundle == "\(stage.containers)/\(bundle)")
                #expect(Files.linkTarget("/proc/\(container.pid)/fd/1") == "/dev/null")
            }
            #expect(!Files.exists("\(stage.state).logs/\(other)"))
            expectError(try await stage.run("logs", other), "no log")
            expectError(try await stage.run("wait", other), "not known")
        }
    }
}
