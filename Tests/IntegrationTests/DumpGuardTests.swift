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
            let pid = try #require(try await stage.listed().first).pid
            let descriptors = try Files.names(in: "/proc/\(pid)/fd").count
            var rescues = 0
            for number in 0..<20 {
                let migrate = try await stage.start("migrate", "--restore", "eager", "pyserver", "pyserver2")
                // The last line before CRIU begins.
                try await wait(for: "CRIU to have looked from outside") {
                    try stage.dumpLog()?.contains("Collecting fds") == true
                }
                usleep(UInt32.random(in: 0..<1500))
                for criu in try Stage.criuProcesses(below: stage.folder.path) { kill(criu, SIGKILL) }
                let outcome = try await migrate.outcome()
                // Whoever comes too late has lost the race, and not the container.
                try #require(outcome.status == 1, "\(number): \(outcome.errors)")
                if outcome.errors.contains("put back as they were") { rescues += 1 }
                #expect(try await stage.listed().map(\.status) == ["running"], "\(number): \(outcome.errors)")
                #expect(try await stage.checksum().sha256 == before.sha256, "\(number)")
                #expect(Files.text(of: "/proc/\(pid)/maps")?.contains("CRIU") == false, "\(number)")
                #expect(Files.text(of: "/proc/\(pid)/status")?.contains("SigBlk:\t0000000000000000") == true)
                #expect(try stage.leftovers() == [])
                let length = ticks.output.utf8.count
                try await wait(for: "ticks after \(number)") { ticks.output.utf8.count > length }
            }
            #expect(rescues > 0)
            // Connections of those who asked may still be closing.
            try await wait(for: "no descriptor of CRIU's") {
                try Files.names(in: "/proc/\(pid)/fd").count <= descriptors
            }
            _ = try await stage.migrate(words: ["--predump"])
            #expect(try await stage.checksum().sha256 == before.sha256)
            try await stage.expectUnbroken(ticks)
        }
    }
}

extension Stage {
    /// What the CRIU that dumps has written so far.
    fileprivate func dumpLog() throws -> String? {
        try leftovers().lazy.compactMap { Files.text(of: "\(self.containers)/\($0)/source-work/dump.log") }.first
    }
}
