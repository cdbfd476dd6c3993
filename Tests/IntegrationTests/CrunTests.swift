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
}
