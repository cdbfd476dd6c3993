import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Recovering what a killed migration left", .serialized, .timeLimit(.minutes(3)), .requiresRoot,
    .requires(tool: "runc"), .requiresCRIU, .requiresRootfs)
struct RecoveryTests {
    @Test("nothing to recover")
    func nothing() async throws {
        try await Stage.empty { stage in
            let answer = try await stage.succeed("recover")
            #expect(answer.hasPrefix("nothing to recover"))
            #expect(try Files.names(in: stage.folder.path) == [])
        }
    }

    @Test("killed while the container runs: it runs on; list warns, recover tidies up")
    func beforeTheDump() async throws {
        try await Stage.serving { stage in
            let before = try await stage.listed()
            let migrate = try await stage.start("migrate", "--predump", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the first round") { migrate.output.contains("round 1") }
            migrate.signal(SIGKILL)
            _ = try await migrate.outcome()
            let list = try await stage.run("list")
            #expect(list.succeeded)
            #expect(list.errors.hasPrefix("warning: "))
            #expect(list.errors.contains("bundletool recover"))
            #expect(try await stage.succeed("recover").contains("runs in \(stage.containers)/pyserver;"))
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
            #expect(try await stage.run("list").errors == "")
        }
    }

    /// A child that has just been forked has a copy of everything open, until it becomes another program.
    @Test("killed while it starts a program: its lock that outlives it for a moment is waited for")
    func whileStarting() async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let before = try await stage.listed()
            let migrate = try await stage.start("migrate", "--predump", "--bandwidth", "1MB/s", "pyserver", "pyserver2")
            try await wait(for: "the first round") { migrate.output.contains("round 1") }
            migrate.signal(SIGKILL)
            _ = try await migrate.outcome()
            let left = try #require(try stage.leftovers().first)
            let (input, output) = try (Descriptor.pipe(), Descriptor.pipe())
            let script = "exec 9<\"$1\"; flock -n 9 && echo locked; read -t 1"
            let child = try ChildProcess.start(
                "/bin/bash", ["-c", script, "-", "\(stage.containers)/\(left)"],
                descriptors: [input.read, output.write])
            try #require(try Descriptor.waitForInput(of: [output.read], timeout: .seconds(10)) == 0)
            #expect(try await stage.succeed("recover").contains("runs in \(stage.containers)/pyserver;"))
            _ = try ChildProcess.wait(for: child)
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
        }
    }

    /// The container is held frozen while its memory crosses: with nobody left to decide, it has to go on.
    @Test(
        "killed while the container is stopped, and what would thaw it then: its client's connection goes on",
        arguments: [false, true])
    func duringTheDump(thawerDies: Bool) async throws {
        try await Stage.serving { stage in
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let migrate = try await stage.start("migrate", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the container to stop") { try await stage.firewallRules() != rules }
            try await Task.sleep(for: .milliseconds(500))
            if thawerDies { try stage.killThawer() }
            migrate.signal(SIGKILL)
            _ = try await migrate.outcome()
            if thawerDies {
                // CRIU leaves the cgroup as it has found it.
                try await wait(for: "CRIU to end") { try await stage.listed().map(\.status) == ["paused"] }
            } else {
                let seen = ticks.output.utf8.count
                try await wait(for: "more ticks") { ticks.output.utf8.count > seen }
            }
            try await stage.succeed("recover")
            #expect(try await stage.listed() == before)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.firewallRules() == rules)
            _ = try await stage.migrate(words: ["--predump"])
            #expect(try await stage.checksum().sha256 == sum)
        }
    }

    /// Into a page server CRIU ends the container when it has handed over all memory, and waits for nobody.
    @Test(
        "a dump into a page server has ended the container, and migrate or the runtime is killed before it goes on",
        arguments: [KillSweepTests.Victim.bundletool, .runtime])
    func afterThePageServer(killed: KillSweepTests.Victim) async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let real = try await CRIUInstallation.find(explicit: nil).path
            let criu = "\(stage.folder.path)/criu"
            let script = """
                #!/bin/bash
                [[ ${CRIU_CONFIG_FILE-} == */source-work/criu.conf ]] || exec \(real) "$@"
                \(real) "$@"
                status=$?
                sleep 2
                exit $status
                """
            try Files.write(Array(script.utf8), to: criu, mode: 0o700)
            let migrate = try await stage.start(
                "migrate", "--predump", "--dump-method", "page-server", "--criu", criu, "pyserver", "pyserver2")
            try await wait(for: "the container to end") { Glibc.kill(before[0].pid, 0) != 0 }
            try #require(try await stage.strike(killed, of: migrate))
            let outcome = try await migrate.outcome()
            if killed == .runtime {
                #expect(outcome.errors.contains("runs again in \(stage.containers)/pyserver"))
            } else {
                #expect(try await stage.succeed("recover").contains("runs again in"))
            }
            #expect(try await stage.listed().map(\.status) == ["running"])
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.firewallRules() == rules)
        }
    }

    @Test("CRIU is killed while it holds the container: its client's connection goes on")
    func killedInTheHold() async throws {
        try await Stage.serving { stage in
            let before = try await stage.listed()
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let migrate = try await stage.start("migrate", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the container to stop") { try await stage.firewallRules() != rules }
            try await Task.sleep(for: .milliseconds(500))
            for criu in try Stage.criuProcesses(below: stage.folder.path) { Glibc.kill(criu, SIGKILL) }
            let outcome = try await migrate.outcome()
            #expect(outcome.errors.contains("runs on in \(stage.containers)/pyserver"), "\(outcome.errors)")
            #expect(try await stage.listed() == before)
            #expect(try stage.leftovers() == [])
            #expect(try await stage.firewallRules() == rules)
            let seen = ticks.output.utf8.count
            try await wait(for: "more ticks") { ticks.output.utf8.count > seen }
            try await stage.expectUnbroken(ticks)
        }
    }

    @Test("a CRIU that does not come to its end is ended, and the container runs on")
    func hangingCRIU() async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let before = try await stage.listed()
            let sum = try await stage.checksum().sha256
            let real = try await CRIUInstallation.find(explicit: nil).path
            let criu = "\(stage.folder.path)/criu"
            let script = """
                #!/bin/bash
                if [[ $(tr '\\0' ' ' </proc/$PPID/cmdline) == *" checkpoint "* ]]; then kill -STOP $$; fi
                exec \(real) "$@"
                """
            try Files.write(Array(script.utf8), to: criu, mode: 0o700)
            let outcome = try await stage.run("migrate", "--criu", criu, "--timeout", "1s", "pyserver", "pyserver2")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("CRIU has not dumped the processes within"))
            #expect(try await stage.listed() == before)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try Stage.criuProcesses(below: stage.folder.path) == [])
            #expect(try stage.leftovers() == [])
            _ = try await stage.migrate(words: ["--predump"])
            #expect(try await stage.checksum().sha256 == sum)
        }
    }

    /// Whatever moment it is: afterwards the container runs once, whole.
    @Test("killed at any moment", arguments: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    func anywhere(share: Double) async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let sum = try await stage.checksum().sha256
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            let whole = try await stage.migrate(words: ["--predump", "pyserver", "pyserver2"]).totalSeconds
            let migrate = try await stage.start("migrate", "--predump", "pyserver2", "pyserver")
            try await Task.sleep(for: .seconds(whole * share))
            migrate.signal(SIGKILL)
            _ = try await migrate.outcome()
            try await stage.succeed("recover")
            #expect(try await stage.listed().map(\.status) == ["running"])
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.firewallRules() == rules)
        }
    }
}

extension Stage {
    /// Kills the process that would thaw the container after CRIU's end: the shell that works on nothing else.
    fileprivate func killThawer() throws {
        let thawers = try Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
            let line = Files.text(of: "/proc/\(pid)/cmdline") ?? ""
            return line.contains("bash") && line.contains("\(containers)/.migrate-")
                && Files.linkTarget("/proc/\(pid)/cwd") == "/"
        }
        try #require(!thawers.isEmpty)
        for pid in thawers { Glibc.kill(pid, SIGKILL) }
    }
}
