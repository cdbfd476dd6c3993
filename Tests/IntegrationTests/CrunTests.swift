import Bundles
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// crun hands CRIU's options on by its configuration file.
@Suite(
    "With crun", .serialized, .timeLimit(.minutes(5)), .requiresRoot,
    .requiresCrun, .requiresCRIU, .requiresRootfs)
struct CrunTests {
    @Test("run, list, migrate in every way on one connection, roll back, delete")
    func lifecycle() async throws {
        try await Stage.serving(megabytes: 10, with: .crun) { stage in
            #expect(try await stage.succeed("list").contains("running"))
            let before = try await stage.checksum()
            let ticks = try await stage.ticks()
            var place = "pyserver"
            let ways = [
                [], ["--predump"], ["--restore", "lazy"], ["--predump", "--restore", "lazy"],
                ["--dump-method", "page-server"],
            ]
            for way in ways {
                let report = try await stage.migrate(words: way)
                place = place == "pyserver" ? "pyserver2" : "pyserver"
                #expect(report.destination == "\(stage.containers)/\(place)", "\(way)")
                #expect(report.fill != nil || !way.contains("lazy"), "\(way)")
                #expect(try await stage.succeed("list").contains(place), "\(way)")
                #expect(try await stage.checksum().sha256 == before.sha256, "\(way)")
                #expect(try stage.leftovers() == [], "\(way)")
            }
            // A restore that does not come to its end: the container goes on where it was.
            let outcome = try await stage.run("migrate", "--predump", "--timeout", "30ms")
            expectError(outcome, "\(stage.containers)/\(place)")
            let after = try await stage.checksum()
            #expect(after.sha256 == before.sha256)
            #expect(after.requests == before.requests + ways.count + 1)
            try await stage.expectUnbroken(ticks)
            #expect(try stage.leftovers() == [])
            try await stage.succeed("delete", "--force", stage.id)
            #expect(try await !stage.succeed("list").contains(stage.id))
        }
    }

    /// crun makes a folder in the bundle, and does not restore where there is one.
    @Test("CRIU killed in a restore: the next one can be made in the same bundle")
    func restoreKilled() async throws {
        try await Stage.serving(megabytes: 5, with: .crun) { stage in
            let before = try await stage.checksum()
            let mount = "\(stage.containers)/pyserver2/criu-root"
            let migrate = try await stage.start("migrate", "--restore", "eager", stage.id, "pyserver2")
            try await wait(for: "the restore") { kill(migrate.pid, 0) != 0 || Files.exists(mount) }
            for _ in 0..<200 {
                let found = try Stage.criuProcesses(below: stage.folder.path)
                for pid in found { kill(pid, SIGKILL) }
                if !found.isEmpty { break }
                usleep(1000)
            }
            let outcome = try await migrate.outcome()
            #expect(!Files.exists(mount), "\(outcome.errors)")
            #expect(try await stage.listed().map(\.status) == ["running"])
            let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
            try await stage.succeed("migrate", stage.id, destination)
            #expect(try await stage.checksum().sha256 == before.sha256)
            #expect(try stage.leftovers() == [])
        }
    }
}
