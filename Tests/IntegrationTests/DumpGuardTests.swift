import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// CRIU dies in the milliseconds in which the container's threads execute what it has put into them.
@Suite(
    "CRIU killed at work in the processes", .serialized, .timeLimit(.minutes(10)), .requiresRoot,
    .requires(tool: "runc"), .requires(tool: "ip"), .requires(tool: "python3"), .requiresCRIU, .requiresRootfs)
struct DumpGuardTests {
    @Test("the container runs on, with its own registers, memory and descriptors only")
    func killed() async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let before = try await stage.checksum()
            let ticks = try await stage.ticks()
            var rescues = 0
            // On a busy machine the kill may come too late, and the container has moved.
            for number in 0..<60 where rescues < 8 {
                let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
                let migrate = try await stage.start("migrate", "--restore", "eager", stage.id, destination)
                // The last line before CRIU begins.
                try await wait(for: "CRIU to have looked from outside") {
                    kill(migrate.pid, 0) != 0 || stage.dumpLog()?.contains("Collecting fds") == true
                }
                usleep(UInt32.random(in: 0..<1500))
                for criu in try Stage.criuProcesses(below: stage.folder.path) { kill(criu, SIGKILL) }
                let outcome = try await migrate.outcome()
                if outcome.errors.contains("put back as they were") { rescues += 1 }
                try #require(
                    try await stage.listed().map(\.status) == ["running"], "\(number): \(outcome.errors)")
                #expect(try await stage.checksum().sha256 == before.sha256, "\(number)")
                let pid = try #require(try await stage.listed().first).pid
                #expect(Files.text(of: "/proc/\(pid)/maps")?.contains("CRIU") == false, "\(number)")
                #expect(Files.text(of: "/proc/\(pid)/status")?.contains("SigBlk:\t0000000000000000") == true)
                #expect(!descriptors(of: pid).contains { $0.contains("CRIU") || $0.hasSuffix("dump.log") })
                #expect(try stage.leftovers() == [])
                let length = ticks.output.utf8.count
                try await wait(for: "ticks after \(number)") { ticks.output.utf8.count > length }
            }
            #expect(rescues > 0)
            let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
            try await stage.succeed("migrate", "--predump", stage.id, destination)
            #expect(try await stage.checksum().sha256 == before.sha256)
            try await stage.expectUnbroken(ticks)
        }
    }

    private func descriptors(of pid: Int32) -> [String] {
        ((try? Files.names(in: "/proc/\(pid)/fd")) ?? []).compactMap { Files.linkTarget("/proc/\(pid)/fd/\($0)") }
    }
}

extension Stage {
    /// What the CRIU that dumps has written so far.
    fileprivate func dumpLog() -> String? {
        ((try? leftovers()) ?? []).lazy.compactMap { Files.text(of: "\(self.containers)/\($0)/source-work/dump.log") }
            .first
    }
}
