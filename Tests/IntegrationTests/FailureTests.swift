import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "When a migration fails or is ended", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU,
    .requiresRootfs)
struct FailureTests {
    @Test(
        "a hook that fails at the destination: the container goes on at the source, its client does not notice",
        arguments: [false, true])
    func rollback(predump: Bool) async throws {
        try await Stage.serving { stage in
            try await stage.succeed(
                "config", "edit", "pyserver2", "--hooks-createruntime-add", "{\"path\": \"/bin/false\"}")
            let before = try await stage.checksum()
            let rules = try await stage.firewallRules()
            let curl = try await stage.download()
            let outcome = try await stage.run(["migrate", "pyserver", "pyserver2"] + (predump ? ["--predump"] : []))
            expectError(outcome, "hook", "runs again in \(stage.containers)/pyserver")
            #expect(try await stage.listed().map(\.bundle) == ["\(stage.containers)/pyserver"])
            #expect(try await stage.runningBundle() == "pyserver")
            #expect(try await stage.checksum().sha256 == before.sha256)
            #expect(try stage.leftovers() == [])
            try await stage.expectComplete(curl)
            #expect(try await stage.checksum().requests == before.requests + 3)
            #expect(try await stage.firewallRules() == rules)
        }
    }

    @Test("the destination's disk fills up: the container goes on as if nothing had been", arguments: [false, true])
    func fullDisk(predump: Bool) async throws {
        try await Stage.serving(megabytes: 50) { stage in
            // Room for the clone and its memory, until something else takes it.
            let rootfs = try await Tool.shell("du -sm containers/pyserver | cut -f1", in: stage.folder.path)
            let size = try #require(Int(rootfs.filter(\.isNumber))) + 100
            let disk = try await TemporaryMount.tmpfs(megabytes: size)
            try await stage.succeed("clone", "./containers/pyserver", "pyserver2", "--containers", disk.path)
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let words = ["migrate", "--bandwidth", "20MB/s", "pyserver", "\(disk.path)/pyserver2"]
            let migrate = try await stage.start(words: words + (predump ? ["--predump"] : []))
            try await wait(for: "the first pages") {
                try await Tool.shell("find '\(disk.path)' -name 'pages-*.img' -size +1M") != ""
            }
            try await Tool.shell("head -c 90M /dev/zero >'\(disk.path)/other' || :")
            expectError(try await migrate.outcome(), "No space left on device")
            try await Tool.shell("rm '\(disk.path)/other'")
            // With too little from the start, nothing begins.
            try await Tool.shell("head -c 70M /dev/zero >'\(disk.path)/other'")
            expectError(try await stage.run(words), "No space left on device", "cannot be moved")
            try await Tool.shell("rm '\(disk.path)/other'")
            #expect(try await stage.listed() == before)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try Files.names(in: disk.path) == ["pyserver2"])
            #expect(try stage.leftovers() == [])
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.firewallRules() == rules)
        }
    }

    @Test("two at once: one moves the container, the other says one line")
    func twoAtOnce() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            async let first = stage.run("migrate", "--predump", "--bandwidth", "50MB/s", "pyserver", "pyserver2")
            async let second = stage.run("migrate", "--predump", "--bandwidth", "50MB/s", "pyserver", "pyserver2")
            let outcomes = try await [first, second].sorted { $0.status < $1.status }
            #expect(outcomes[0].status == 0, "\(outcomes[0].errors)")
            expectError(outcomes[1])
            #expect(try await stage.runningBundle() == "pyserver2")
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("two at once, to different clones: one moves the container, the other says one line")
    func twoDestinations() async throws {
        try await Stage.serving { stage in
            try await stage.succeed("clone", "pyserver", "pyserver3")
            async let first = stage.run("migrate", "--predump", "--bandwidth", "50MB/s", "pyserver", "pyserver2")
            async let second = stage.run("migrate", "--predump", "--bandwidth", "50MB/s", "pyserver", "pyserver3")
            let outcomes = try await [first, second]
            #expect(outcomes.map(\.succeeded).filter { $0 }.count == 1)
            for outcome in outcomes where !outcome.succeeded { expectError(outcome) }
            #expect(try await stage.runningBundle() == (outcomes[0].succeeded ? "pyserver2" : "pyserver3"))
            _ = try await stage.checksum()
        }
    }

    @Test("ended while the memory crosses: the container has not noticed", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        try await Stage.serving { stage in
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let migrate = try await stage.start("migrate", "--predump", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the first round") { migrate.output.contains("round 1") }
            migrate.signal(signal)
            expectError(try await migrate.outcome(), "interrupted")
            #expect(try await stage.listed() == before)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("killed while the memory crosses: the container runs on, and the next migration works")
    func killed() async throws {
        try await Stage.serving { stage in
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let migrate = try await stage.start("migrate", "--predump", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the first round") { migrate.output.contains("round 1") }
            migrate.signal(SIGKILL)
            #expect(try await migrate.outcome().status == 128 + SIGKILL)
            #expect(try await stage.listed() == before)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers().count == 1)
            _ = try await stage.migrate(words: ["--predump", "pyserver", "pyserver2"])
            #expect(try await stage.runningBundle() == "pyserver2")
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("the container is killed meanwhile: it is not brought back, and nothing is left", arguments: [true, false])
    func containerKilled(whileItRuns: Bool) async throws {
        try await Stage.serving { stage in
            let pid = try #require(try await stage.listed().first?.pid)
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let words = ["--bandwidth", "5MB/s", "pyserver", "pyserver2"]
            let migrate = try await stage.start(words: ["migrate"] + (whileItRuns ? ["--predump"] : []) + words)
            if whileItRuns {
                try await wait(for: "the first round") { migrate.output.contains("round 1") }
            } else {
                try await wait(for: "the container to stop") { try await stage.firewallRules() != rules }
            }
            #expect(kill(pid, SIGKILL) == 0)
            expectError(try await migrate.outcome(), "ended before it could be moved")
            #expect(try await stage.listed().allSatisfy { $0.status == "stopped" })
            #expect(try stage.leftovers() == [])
            ticks.signal(SIGTERM)
            _ = try await ticks.outcome()
            try await wait(for: "the packet filter") { try await stage.firewallRules() == rules }
        }
    }

    @Test("no CRIU: where it is named wrongly, and where there is none")
    func noCRIU() async throws {
        try await Stage.serving(megabytes: 1) { stage in
            let before = try await stage.listed()
            expectError(try await stage.run("migrate", "--criu", "/nonexistent"), "/nonexistent", "--criu")
            stage.set("BUNDLETOOL_CRIU", "/nonexistent")
            expectError(try await stage.run("migrate", "pyserver", "pyserver2"), "/nonexistent", "$BUNDLETOOL_CRIU")
            // A PATH with nothing but the runtime in it, and an empty cache.
            try await Tool.shell("mkdir bin; ln -s \"$(command -v runc)\" bin/runc", in: stage.folder.path)
            stage.set("BUNDLETOOL_CRIU", nil)
            stage.set("BUNDLETOOL_CACHE", "\(stage.folder.path)/nothing")
            stage.set("PATH", "\(stage.folder.path)/bin")
            if !Files.exists("/usr/sbin/criu"), !Files.exists("/usr/local/sbin/criu") {
                expectError(try await stage.run("migrate", "pyserver", "pyserver2"), "CRIU", "scripts/setup.sh")
            }
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
            _ = try await stage.checksum()
        }
    }

    @Test("no runtime, an unknown one")
    func noRuntime() async throws {
        try await Stage.empty { stage in
            expectError(try await stage.run("list", "--runtime", "/nonexistent/runc"), "/nonexistent/runc")
            expectError(try await stage.run("list", "--runtime", "true"), "neither runc nor crun")
        }
    }

    @Test("not root", .requires(tool: "setpriv"))
    func notRoot() async throws {
        try await Stage.serving(megabytes: 1) { stage in
            let before = try await stage.listed()
            // A copy that nobody may run: the build folder may be closed to them.
            let tool = "\(stage.folder.path)/bundletool"
            try await Tool.shell("chmod 755 .; cp '\(Tool.commandLine)' bundletool", in: stage.folder.path)
            for words in [
                ["migrate", "pyserver", "pyserver2"], ["create", "another"],
                ["create", "another", "--from", "dir:/etc"],
                ["clone", "pyserver", "another"], ["demo"],
            ] {
                let outcome = try await RunningProgram.run(
                    "setpriv",
                    ["--reuid", "65534", "--regid", "65534", "--clear-groups", tool] + stage.arguments(words),
                    in: stage.folder.path)
                expectError(outcome)
            }
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
            _ = try await stage.checksum()
        }
    }

    @Test(
        "wrong usage",
        arguments: [
            ["--bandwidth", "100"], ["--bandwidth", "fast"], ["--bandwidth", "100Mbps"], ["--bandwidth", "-1MB/s"],
            ["--bandwidth", "0MB/s"], ["--bandwidth"], ["--nonsense"], ["a", "b", "c"],
        ])
    func usage(words: [String]) async throws {
        try await Stage.empty { stage in
            let outcome = try await stage.run(["migrate"] + words)
            expectError(outcome, status: 2, "--help")
            #expect(outcome.output == "")
        }
    }
}
