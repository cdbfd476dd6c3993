import FoundationEssentials
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// SIGKILL at the moments that matter, and `recover` after it: the container runs once, with its memory and with its
/// client's connection.
@Suite("Recovering what a killed migration left", .serialized, .requiresRoot, .requiresCRIU)
struct RecoverTests {
    /// Processes whose command line holds all of `words`.
    private static func processes(_ words: [String]) -> [Int32] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            let line = Files.text(of: "/proc/\(pid)/cmdline") ?? ""
            return words.allSatisfy { line.contains($0) }
        }
    }

    @Test("bundletool while CRIU dumps or holds: the container is resumed")
    func killedWhileHeld() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            let migrate = try await stage.start("migrate", "--bandwidth", "5MB/s", "pyserver", "pyserver2")
            try await wait(for: "the dump to hold") {
                !Self.processes(["/hold/hold", "\(stage.containers)/.migrate-"]).isEmpty
            }
            migrate.signal(SIGKILL)
            #expect(try await migrate.outcome().status == 128 + SIGKILL)
            let recover = try await stage.run("recover")
            #expect(recover.succeeded, "\(recover.errors)")
            #expect(try await stage.runningBundle() == "pyserver")
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("bundletool and the runtime in the middle of the restore: the images bring the container back")
    func killedWhileRestoring() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            let migrate = try await stage.start("migrate", "--predump", "pyserver", "pyserver2")
            // Stopped first: it must not see the runtime die and bring the container back itself.
            var restoring: [Int32] = []
            try await wait(for: "the restore to begin") {
                restoring = Self.processes(["restore", "\(stage.containers)/.migrate-", stage.id])
                return !restoring.isEmpty
            }
            migrate.signal(SIGKILL)
            for pid in restoring { kill(pid, SIGKILL) }
            #expect(try await migrate.outcome().status == 128 + SIGKILL)
            let warned = try await stage.run("list")
            #expect(warned.errors.contains("bundletool recover"))
            let recover = try await stage.run("recover")
            #expect(recover.succeeded, "\(recover.errors)")
            #expect(try await stage.listed().count == 1)
            try await stage.expectUnbroken(ticks)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("nothing was killed: nothing to do")
    func nothing() async throws {
        try await Stage.empty { stage in
            let outcome = try await stage.run("recover")
            #expect(outcome.succeeded && outcome.output.contains("nothing to recover"))
        }
    }
}
