import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Lazy restores", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"), .requiresCRIU,
    .requiresRootfs)
struct LazyRestoreTests {
    @Test("to and fro, lazily and not, on one open connection; all memory is there each time")
    func toAndFro() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            for turn in 1...6 {
                let isLazy = turn % 3 != 0
                let report = try await stage.migrate(
                    words: ["--restore", isLazy ? "lazy" : "eager"] + (turn % 2 == 0 ? ["--predump"] : []))
                #expect(try await stage.checksum().sha256 == sum)
                #expect((report.fill != nil) == isLazy)
                if let fill = report.fill {
                    #expect(fill.pagesBefore + fill.pagesOnDemand + fill.pagesInBackground > 20_000_000 / 4096)
                    #expect(!fill.restarted)
                }
            }
            try await stage.expectUnbroken(ticks)
            #expect(try stage.leftovers() == [])
            #expect(stage.pageServers().isEmpty)
        }
    }

    @Test("a small container is restored eagerly unless told otherwise")
    func choice() async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let report = try await stage.migrate(words: [])
            #expect(report.fill == nil)
        }
    }

    @Test("forked processes and the memory that they share")
    func processes() async throws {
        try await Stage.serving("forking-server.py") { stage in
            let before = try await stage.get("/checksum")
            let report = try await stage.migrate(words: ["--restore", "lazy", "--predump"])
            #expect(report.fill != nil)
            #expect(try await stage.get("/checksum") == before)
            _ = try await stage.get("/write")
            let written = try await stage.get("/checksum")
            _ = try await stage.migrate(words: ["--restore", "lazy"])
            #expect(try await stage.get("/checksum") == written)
        }
    }

    @Test("a process that throws away, moves, unmaps and forks what is not there yet", arguments: [false, true])
    func changes(serverDies: Bool) async throws {
        try await Stage.serving("mapping-server.py") { stage in
            let migrate = try await stage.startFilling(rate: "1MB/s")
            #expect(try await stage.get("/change") == "")
            if serverDies {
                // What the dead one was told is not told again.
                try stage.kill(pageServer: "pages-server")
                #expect(try await stage.get("/check") == "")
            }
            let report = try await stage.report(of: migrate)
            let fill = try #require(report.fill)
            #expect(fill.pagesOnDemand > 0)
            #expect(!fill.restarted)
            #expect(try await stage.get("/check") == "")
            _ = try await stage.migrate(words: ["--restore", "eager"])
            #expect(try await stage.get("/check") == "")
        }
    }

    @Test(
        "page server or its twin killed, several times: the other goes on", arguments: ["pages-server", "pages-keeper"])
    func killed(name: String) async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            let migrate = try await stage.startFilling()
            for _ in 1...4 {
                let killed = try stage.kill(pageServer: name)
                try await wait(for: "server and keeper") {
                    let names = stage.pageServers().filter { $0.pid != killed }.map { $0.name }
                    return names.sorted() == ["pages-keeper", "pages-server"]
                }
            }
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try await stage.report(of: migrate).fill?.restarted == false)
            #expect(try await stage.checksum().sha256 == sum)
            try await stage.expectUnbroken(ticks)
            #expect(stage.pageServers().isEmpty)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("migrate killed while memory is filled: recover waits for the rest", arguments: [false, true])
    func migrateKilled(withServer: Bool) async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            let migrate = try await stage.startFilling()
            migrate.signal(SIGKILL)
            if withServer { try stage.kill(pageServer: "pages-server") }
            _ = try await migrate.outcome()
            let list = try await stage.run("list")
            #expect(list.errors.contains("bundletool recover"))
            #expect(try await stage.succeed("recover").contains("runs in \(stage.containers)/pyserver2;"))
            #expect(try await stage.checksum().sha256 == sum)
            try await stage.expectUnbroken(ticks)
            #expect(stage.pageServers().isEmpty)
            #expect(try stage.leftovers() == [])
            _ = try await stage.migrate(words: ["--predump", "--restore", "lazy"])
            #expect(try await stage.checksum().sha256 == sum)
        }
    }

    /// The kernel gives zeros for what is missing then. The container does not go on with them.
    @Test("both killed: the container is started again from its images", arguments: [false, true])
    func bothKilled(withMigrate: Bool) async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let migrate = try await stage.startFilling()
            if withMigrate { migrate.signal(SIGKILL) }
            stage.killPageServers()
            if withMigrate {
                _ = try await migrate.outcome()
                let recovery = try await stage.run("recover")
                #expect(recovery.succeeded)
                #expect(recovery.errors.hasPrefix("warning: "))
            } else {
                #expect(try await stage.report(of: migrate).fill?.restarted == true)
            }
            #expect(try await stage.listed().map(\.status) == ["running"])
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }
}

extension Stage {
    /// Processes of ours that fill the memory of this stage's container.
    /// - Parameter folder: where it goes to; nil is the containers folder.
    func pageServers(below folder: String? = nil) -> [(pid: Int32, name: String)] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.compactMap { pid in
            guard Files.linkTarget("/proc/\(pid)/cwd")?.hasPrefix(folder ?? containers) == true,
                let name = Files.text(of: "/proc/\(pid)/comm")?.dropLast(), name.hasPrefix("pages-"),
                // One that was killed and not collected yet is none.
                Files.text(of: "/proc/\(pid)/stat")?.contains(") Z ") == false
            else { return nil }
            return (pid, String(name))
        }
    }

    @discardableResult
    func kill(pageServer name: String, location: SourceLocation = #_sourceLocation) throws -> Int32 {
        let server = try #require(pageServers().first { $0.name == name }, sourceLocation: location)
        Glibc.kill(server.pid, SIGKILL)
        return server.pid
    }

    /// Kills server and twin; neither has time to do anything about the other's end.
    func killPageServers(below folder: String? = nil) {
        let servers = pageServers(below: folder)
        for server in servers { Glibc.kill(server.pid, SIGSTOP) }
        for server in servers { Glibc.kill(server.pid, SIGKILL) }
    }

    /// Starts a lazy migration whose fill takes its time, and returns while it fills.
    /// - Parameter rate: how fast; what a test does meanwhile may take its time on a busy machine.
    func startFilling(rate: String = "2MB/s") async throws -> RunningProgram {
        let migrate = try await start(
            "migrate", "--json", "--restore", "lazy", "--fill-rate", rate, "pyserver", "pyserver2")
        // The runtime calls it running before CRIU has ended, which is what makes the restore one.
        try await wait(for: "the container to run at the destination") {
            try self.leftovers().contains {
                Files.text(of: "\(self.containers)/\($0)/journal.json")?.contains("\"filling\"") == true
            }
        }
        #expect(try await runningBundle() == "pyserver2")
        try await wait(for: "server and keeper") { self.pageServers().count == 2 }
        return migrate
    }

    func report(of migrate: RunningProgram) async throws -> MigrationReport {
        let outcome = try await migrate.outcome()
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(MigrationReport.self, from: Data(outcome.output.utf8))
    }
}
