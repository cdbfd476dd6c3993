import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// CRIU dies in the milliseconds in which the container's threads execute what it has put into them.
@Suite(
    "CRIU killed at work in the processes", .serialized, .timeLimit(.minutes(10)), .requiresRoot,
    .requires(tool: "runc"), .requires(tool: "ip"), .requires(tool: "python3"), .requiresCrun, .requiresCRIU,
    .requiresRootfs)
struct DumpGuardTests {
    @Test(
        "the container runs on, with its own registers, memory and descriptors only", arguments: StageRuntime.allCases)
    func killed(with runtime: StageRuntime) async throws {
        try await Stage.serving(megabytes: 5, with: runtime) { stage in
            let before = try await stage.checksum()
            let ticks = try await stage.ticks()
            var rescues = 0
            // On a busy machine the kill may come too late, and the container has moved.
            for number in 0..<60 where rescues < 8 {
                let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
                let outcome = try await stage.strikeCRIU(
                    of: try await stage.start("migrate", "--restore", "eager", stage.id, destination))
                if outcome.errors.contains("put back as they were") { rescues += 1 }
                try await expectUntouched(stage, "\(number): \(outcome.errors)")
                #expect(try await stage.checksum().sha256 == before.sha256, "\(number)")
                #expect(try stage.leftovers() == [])
                let length = ticks.output.utf8.count
                try await wait(for: "ticks after \(number): \(outcome.errors)") { ticks.output.utf8.count > length }
            }
            #expect(rescues > 0)
            let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
            try await stage.succeed("migrate", "--predump", stage.id, destination)
            #expect(try await stage.checksum().sha256 == before.sha256)
            try await stage.expectUnbroken(ticks)
        }
    }

    /// The receiver never gets to hear that it is to take the container over.
    @Test("also where it was to be handed to a receiver")
    func handover() async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            var rescues = 0
            for number in 0..<60 where rescues < 8 {
                let outcome = try await both.stage.strikeCRIU(
                    of: try await both.stage.start(words: both.migration(both.receiver("cut", at: "prepare"))))
                if outcome.errors.contains("put back as they were") { rescues += 1 }
                try await expectUntouched(both.stage, "\(number): \(outcome.errors)")
                #expect(try await both.owners() == ["1"], "\(number)")
                #expect(try await both.checksum(at: "1").sha256 == before.sha256, "\(number)")
                #expect(try await both.firewallRules() == "", "\(number): \(outcome.errors)")
                #expect(try both.leftovers() == [])
                let length = ticks.output.utf8.count
                try await wait(for: "ticks after \(number): \(outcome.errors)") { ticks.output.utf8.count > length }
            }
            #expect(rescues > 0)
            try await both.stage.succeed(words: both.migration(both.receiver()))
            try await both.switchOver()
            #expect(try await both.checksum(at: "2").sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
        }
    }

    /// There is nothing of CRIU's in the container's process.
    private func expectUntouched(_ stage: Stage, _ what: String) async throws {
        try #require(try await stage.listed().map(\.status) == ["running"], "\(what)")
        let pid = try #require(try await stage.listed().first).pid
        #expect(Files.text(of: "/proc/\(pid)/maps")?.contains("CRIU") == false, "\(what)")
        #expect(Files.text(of: "/proc/\(pid)/status")?.contains("SigBlk:\t0000000000000000") == true, "\(what)")
        #expect(!descriptors(of: pid).contains { $0.contains("CRIU") || $0.hasSuffix("dump.log") }, "\(what)")
    }

    private func descriptors(of pid: Int32) -> [String] {
        ((try? Files.names(in: "/proc/\(pid)/fd")) ?? []).compactMap { Files.linkTarget("/proc/\(pid)/fd/\($0)") }
    }
}

extension Stage {
    /// Kills the CRIU of a migration when it is at work in the container's processes.
    fileprivate func strikeCRIU(of migrate: RunningProgram) async throws -> Tool.Outcome {
        // The last line before CRIU begins.
        try await wait(for: "CRIU to have looked from outside") {
            Glibc.kill(migrate.pid, 0) != 0 || dumpLog()?.contains("Collecting fds") == true
        }
        // Not the one that restores, where this comes late.
        let dumping = try Stage.criuProcesses(below: folder.path)
        usleep(UInt32.random(in: 0..<1500))
        for criu in dumping { Glibc.kill(criu, SIGKILL) }
        return try await migrate.outcome()
    }

    /// What the CRIU that dumps has written so far.
    fileprivate func dumpLog() -> String? {
        ((try? leftovers()) ?? []).lazy.compactMap { Files.text(of: "\(self.containers)/\($0)/source-work/dump.log") }
            .first
    }
}
