import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// How many moments: `BUNDLETOOL_KILLS`, or a few. `BUNDLETOOL_KILLS=200 swift test --filter KillSweepTests` takes a
/// quarter of an hour.
private let moments = getenv("BUNDLETOOL_KILLS").flatMap { Int(String(cString: $0)) } ?? 8

/// What dies of a migration: SIGKILL, at a random moment of the time that a migration takes.
@Suite(
    "Killed at random moments", .serialized, .timeLimit(.minutes(60)), .requiresRoot, .requires(tool: "runc"),
    .requires(tool: "ip"), .requires(tool: "python3"), .requiresCRIU, .requiresRootfs)
struct KillSweepTests {
    enum Victim: CaseIterable {
        case bundletool, criu, runtime, pageServer
    }

    /// One container and one connection see all of it.
    @Test("migrate, CRIU, runc and the lazy restore's server: after recover one container, whole")
    func local() async throws {
        try await Stage.serving(megabytes: 5) { stage in
            let before = try await stage.checksum()
            let rules = try await stage.firewallRules()
            let ticks = try await stage.ticks()
            var requests = before.requests
            var hits: [Victim: Int] = [:]
            var whole = 0.0
            for turn in 0..<2 {
                whole = max(whole, try await stage.migrate(words: turn == 0 ? ["--restore", "lazy"] : []).totalSeconds)
            }
            for number in 0..<moments {
                let victim = Victim.allCases[number % Victim.allCases.count]
                let isLazy = victim == .pageServer || Bool.random()
                let words =
                    ["migrate", "--restore", isLazy ? "lazy" : "eager", "--timeout", "20s"]
                    + (isLazy ? ["--fill-rate", "20MB/s"] : []) + (Bool.random() ? ["--predump"] : [])
                let destination = try await stage.runningBundle() == "pyserver" ? "pyserver2" : "pyserver"
                let moment = Double.random(in: 0..<whole)
                let what = "\(number): \(victim) after \(moment) s of \(words.joined(separator: " ")) \(destination)"
                let migrate = try await stage.start(words: words + [stage.id, destination])
                try await Task.sleep(for: .seconds(moment))
                if try await stage.strike(victim, of: migrate) { hits[victim, default: 0] += 1 }
                let outcome = try await migrate.outcome()
                let recovery = try await stage.run("recover")
                let said = "\(what): \(outcome.status) \(outcome.errors) | \(recovery.output) \(recovery.errors)"
                try #require(recovery.succeeded, "\(said)")
                let listed = try await stage.listed()
                try #require(listed.map(\.status) == ["running"], "\(said)")
                let after = try await stage.checksum()
                #expect(after.sha256 == before.sha256, "\(said)")
                requests += 1
                #expect(after.requests == requests, "\(said)")
                #expect(try stage.leftovers() == [], "\(said)")
                #expect(try await stage.firewallRules() == rules, "\(said)")
                let length = ticks.output.utf8.count
                try await wait(for: "ticks after \(said)") { ticks.output.utf8.count > length }
            }
            try await stage.expectUnbroken(ticks)
            if moments > 100 { #expect(hits.values.reduce(0, +) > moments / 2, "\(hits)") }
            print("killed: \(hits)")
        }
    }

    @Test("source, receiver, CRIU and runc at either end of a hand-over: after recover one container, whole")
    func handover() async throws {
        var hits: [Victim: Int] = [:]
        for number in 0..<max(2, moments / 5) {
            try await HandoverStage.serving { both in
                let before = try await both.checksum(at: "1")
                let ticks = try await both.ticks()
                let moment = Double.random(in: 0..<1.5)
                let migrate = try await both.stage.start(words: both.migration(both.receiver(), "--timeout", "20s"))
                try await Task.sleep(for: .seconds(moment))
                let victim = Victim.allCases[number % Victim.allCases.count]
                // In a hand-over the fourth one is the receiver.
                if victim == .pageServer {
                    for receiver in try both.receivers() { kill(receiver, SIGKILL) }
                    hits[victim, default: 0] += 1
                } else if try await both.stage.strike(victim, of: migrate, orRoot: both.state2) {
                    hits[victim, default: 0] += 1
                }
                let outcome = try await migrate.outcome()
                let recoveries = [try await both.recover(at: "1"), try await both.recover(at: "2")]
                let said = "\(victim) after \(moment) s: \(outcome.status) \(outcome.errors) | \(recoveries)"
                var owners: [String] = []
                try await wait(for: "one owner after \(said)") {
                    owners = try await both.owners()
                    return owners.count == 1
                }
                if owners == ["1"] {
                    try await wait(for: "no rule after \(said)") { try await both.firewallRules() == "" }
                } else {
                    // The rules at the source stay: without them it would answer the client that nobody listens.
                    try await both.switchOver()
                }
                let after = try await both.checksum(at: owners[0])
                #expect(after.sha256 == before.sha256, "\(said)")
                #expect(after.requests == before.requests + 1, "\(said)")
                try await both.stage.expectUnbroken(ticks)
            }
        }
        print("killed: \(hits)")
    }
}

extension Stage {
    /// Kills one process of that kind as soon as there is one; false where the migration ended before.
    func strike(
        _ victim: KillSweepTests.Victim, of migrate: RunningProgram, orRoot other: String? = nil
    ) async throws -> Bool {
        while Glibc.kill(migrate.pid, 0) == 0 {
            let found: [pid_t] =
                switch victim {
                case .bundletool: [migrate.pid]
                case .pageServer: pageServers().map(\.pid)
                case .criu: try Stage.criuProcesses(below: folder.path)
                case .runtime: try runtimeProcesses([state] + (other.map { [$0] } ?? []))
                }
            if let pid = found.randomElement() { return Glibc.kill(pid, SIGKILL) == 0 }
            try await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    /// Processes that run runc with one of these state folders.
    private func runtimeProcesses(_ states: [String]) throws -> [pid_t] {
        try Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
            let words = (Files.text(of: "/proc/\(pid)/cmdline") ?? "").split(separator: "\0").map(String.init)
            return words.first?.hasSuffix("runc") == true && words.contains { states.contains($0) }
        }
    }
}
