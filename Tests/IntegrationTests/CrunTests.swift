import Bundles
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

private let crun = "\(CacheFolder.path)/crun/crun"

/// crun hands CRIU's options on by its configuration file. This one refuses cgroups of both versions at once, so that
/// each command sees version 2 only.
@Suite(
    "With crun", .serialized, .timeLimit(.minutes(5)), .requiresRoot,
    .requires("a crun with CRIU in the cache (scripts/setup.sh test)", access(crun, X_OK) == 0),
    .requires(tool: "unshare"),
    .requiresCRIU, .requiresRootfs)
struct CrunTests {
    @Test("run, list, migrate in every way on one connection, roll back, delete")
    func lifecycle() async throws {
        try await Stage.empty { stage in
            stage.use(
                runtime: crun,
                prefix: ["unshare", "--mount", "sh", "-c", "mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"", "sh"])
            try await stage.create(megabytes: 10)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            try await stage.waitUntilServing()
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
