import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Moving to a receiver that is a process of its own", .serialized, .timeLimit(.minutes(10)), .requiresRoot,
    .requires(tool: "runc"), .requires(tool: "ip"), .requires(tool: "python3"), .requiresCRIU, .requiresRootfs)
struct HandoverTests {
    @Test(
        "the client's connection goes on at the other end; memory and counter are what they were",
        arguments: [RestoreChoice.eager, .lazy])
    func connection(restore: RestoreChoice) async throws {
        try await HandoverStage.serving(megabytes: 20) { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            let words = both.migration(both.receiver(), "--json", "--restore", restore.rawValue)
            let output = try await both.stage.succeed(words: words)
            let report = try JSONDecoder().decode(MigrationReport.self, from: Data(output.utf8))
            #expect((report.fill != nil) == (restore == .lazy))
            try await both.switchOver()
            #expect(try await both.owners() == ["2"])
            let after = try await both.checksum(at: "2")
            #expect(after.sha256 == before.sha256)
            #expect(after.requests == before.requests + 1)
            try await both.stage.expectUnbroken(ticks)
            #expect(try both.leftovers() == [])
            // Each end has a log of its own, and the container ends at the second.
            let stage = both.stage
            let logs = try await stage.succeed("logs", stage.id)
            #expect(logs.contains("/checksum") && logs.contains("/ticks"))
            expectError(try await stage.run("wait", stage.id), "goes on elsewhere")
            let there = ["--runtime-root", both.state2]
            #expect(try await both.bundletool(["logs", stage.id] + there).output.contains("/checksum"))
            #expect(try await both.bundletool(["kill", stage.id, "KILL"] + there).succeeded)
            #expect(try await both.bundletool(["wait", stage.id] + there).output == "137\n")
        }
    }

    /// The page server and its twin live on without the receiver, and without each other.
    @Test("the receiver killed while memory is filled: recover waits for the rest", arguments: [false, true])
    func receiverKilled(withServers: Bool) async throws {
        try await HandoverStage.serving(megabytes: 20) { both in
            let before = try await both.checksum(at: "1")
            let there = "\(both.stage.folder.path)/there"
            let migrate = try await both.stage.start(
                words: both.migration(both.receiver(), "--restore", "lazy", "--fill-rate", "4MB/s"))
            // The source has been told.
            try await wait(for: "the source's container to be gone") { try await both.stage.listed().isEmpty }
            try await wait(for: "server and twin") { both.stage.pageServers(below: there).count == 2 }
            for pid in try both.receivers() { kill(pid, SIGKILL) }
            if withServers { both.stage.killPageServers(below: there) }
            // The container runs there, whatever becomes of its memory: the source does not bring it back.
            let outcome = try await migrate.outcome()
            #expect(outcome.status == 0, "\(outcome.errors)")
            let recovery = try await both.recover(at: "2")
            #expect(recovery.succeeded)
            #expect(recovery.output.contains("runs in \(there)/moved"))
            #expect(recovery.errors.hasPrefix("warning: ") == withServers, "\(recovery.errors)")
            #expect(try await both.owners() == ["2"])
            #expect(try await both.checksum(at: "2").sha256 == before.sha256)
            #expect(both.stage.pageServers(below: there).isEmpty)
        }
    }

    /// One link failure: what happens at which message, and who has the container afterwards.
    struct Mishap: Sendable, CustomTestStringConvertible {
        var action: String
        var message: String
        var owner: String
        var testDescription: String { "\(action) at \(message)" }
    }

    @Test(
        "whatever happens to the link: one container, whole, its client served",
        arguments: [
            Mishap(action: "cut", message: "welcome", owner: "1"),
            Mishap(action: "corrupt", message: "pages", owner: "1"),
            Mishap(action: "lose", message: "pageSetEnd", owner: "1"),
            Mishap(action: "corrupt", message: "file", owner: "1"),
            Mishap(action: "kill-receiver", message: "imagesEnd", owner: "1"),
            Mishap(action: "cut", message: "prepare", owner: "1"),
            Mishap(action: "hang", message: "prepare", owner: "1"),
            Mishap(action: "lose", message: "go", owner: "1"),
            Mishap(action: "cut", message: "go", owner: "2"),
            Mishap(action: "cut", message: "done", owner: "2"),
        ])
    func mishap(_ mishap: Mishap) async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            let outcome = try await both.stage.run(
                both.migration(both.receiver(mishap.action, at: mishap.message), "--timeout", "8s"))
            #expect(Files.exists("\(both.stage.folder.path)/relay.flag"), "nothing has happened: \(outcome.errors)")
            // A receiver that has lost its source undoes what it has prepared when CRIU has come to that.
            try await wait(for: "the one owner") { try await both.owners() == [mishap.owner] }
            if mishap.owner == "1" {
                expectError(outcome, "runs on")
                try await wait(for: "the last rule to be gone") { try await both.firewallRules() == "" }
            } else {
                #expect(outcome.succeeded, "\(outcome.errors)")
                try await both.switchOver()
            }
            #expect(try await both.checksum(at: mishap.owner).sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
            _ = try await both.recover(at: "1")
            _ = try await both.recover(at: "2")
            #expect(try await both.owners() == [mishap.owner])
        }
    }

    @Test(
        "killed with SIGKILL at a message: after recover one container, whole",
        arguments: [
            Mishap(action: "kill-source", message: "pageSetEnd", owner: "1"),
            Mishap(action: "kill-source", message: "imagesEnd", owner: "1"),
            Mishap(action: "kill-source", message: "prepare", owner: "1"),
            Mishap(action: "kill-source", message: "go", owner: "2"),
            Mishap(action: "kill-both", message: "prepare", owner: "1"),
            Mishap(action: "kill-both", message: "go", owner: ""),
            Mishap(action: "kill-receiver", message: "go", owner: ""),
        ])
    func killed(_ mishap: Mishap) async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            _ = try await both.stage.run(both.migration(both.receiver(mishap.action, at: mishap.message)))
            #expect(Files.exists("\(both.stage.folder.path)/relay.flag"))
            // A receiver that has just lost its source is let end.
            let recovered = try await both.recover(at: "1")
            #expect(recovered.succeeded, "\(recovered.errors)")
            let owners = try await both.owners()
            // Killed right after `go`, the receiver may or may not have written it down; either way it is one.
            try #require(owners.count == 1, "\(owners)")
            if mishap.owner != "" { #expect(owners == [mishap.owner]) }
            if owners == ["2"] { try await both.switchOver() }
            #expect(try await both.checksum(at: owners[0]).sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
            #expect(try Files.names(in: both.stage.containers) == ["pyserver"])
        }
    }

    @Test("the receiver cannot be asked: the container is held until recover can", arguments: [false, true])
    func unreachable(killsCRIU: Bool) async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            let outcome = try await both.stage.run(both.migration(both.receiver("unreachable", at: "go")))
            expectError(outcome, "held frozen", "bundletool recover")
            let flag = "\(both.stage.folder.path)/relay.flag"
            expectError(try await both.recover(at: "1"), "cannot be asked", "held frozen")
            if killsCRIU {
                // What it traces is frozen besides: it must not run on beside the one at the other end.
                let holding = try Stage.criuProcesses(below: both.stage.containers)
                try #require(!holding.isEmpty)
                for pid in holding { kill(pid, SIGKILL) }
                try await Task.sleep(for: .seconds(1))
                #expect(try await both.stage.listed().map(\.status) != ["running"])
            }
            unlink("\(flag).closed")
            let recovered = try await both.recover(at: "1")
            #expect(recovered.succeeded, "\(recovered.errors)")
            #expect(try await both.owners() == ["2"])
            try await both.switchOver()
            #expect(try await both.checksum(at: "2").sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
            #expect(try both.leftovers() == [])
        }
    }

    /// The namespace is given by its path, so that CRIU has locked all of it.
    @Test(
        "CRIU or runc killed while it holds the container: it runs on, and nothing filters its packets",
        arguments: [KillSweepTests.Victim.criu, .runtime])
    func heldAndKilled(_ victim: KillSweepTests.Victim) async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            let migrate = try await both.stage.start(
                words: both.migration(both.receiver("hang", at: "prepare"), "--timeout", "8s"))
            try await wait(for: "the hold") { Files.exists("\(both.stage.folder.path)/relay.flag") }
            #expect(try await both.firewallRules().contains("-A CRIU -j DROP"))
            if victim == .criu {
                let holding = try Stage.criuProcesses(below: both.stage.containers)
                try #require(!holding.isEmpty)
                for pid in holding { kill(pid, SIGKILL) }
            } else {
                try #require(try await both.stage.strike(victim, of: migrate))
            }
            expectError(try await migrate.outcome(), "runs on in \(both.stage.containers)/pyserver")
            #expect(try await both.owners() == ["1"])
            let rules = try await both.firewallRules()
            #expect(rules == "")
            #expect(try await both.checksum(at: "1").sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
        }
    }

    @Test("a restore that fails there leaves the container where it was")
    func failedRestore() async throws {
        try await HandoverStage.serving { both in
            let before = try await both.checksum(at: "1")
            let ticks = try await both.ticks()
            // When it has been looked at.
            let script = "cd \(both.stage.folder.path); rm there/moved/rootfs/usr/bin/python3*"
            try Files.write(Array(script.utf8), to: "\(both.stage.folder.path)/relay.flag.run")
            let outcome = try await both.stage.run(both.migration(both.receiver("run", at: "imagesEnd")))
            expectError(outcome, "python3", "runs on in \(both.stage.containers)/pyserver")
            #expect(try await both.owners() == ["1"])
            #expect(try await both.checksum(at: "1").sha256 == before.sha256)
            try await both.stage.expectUnbroken(ticks)
            let rules = try await both.firewallRules()
            #expect(rules == "")
            #expect(try both.leftovers() == [])
        }
    }

    @Test(
        "a receiver that is none: one line, nothing disturbed",
        arguments: [
            ("exit 7", "runs on"), ("echo no such host >&2; exit 255", "no such host"), ("cat", "hello"),
            ("no-such-program receive", "no-such-program"),
        ])
    func noReceiver(command: String, word: String) async throws {
        try await HandoverStage.serving { both in
            let before = try await both.stage.listed()
            expectError(try await both.stage.run(both.migration(command)), word)
            #expect(try await both.stage.listed() == before)
            #expect(try both.leftovers() == [])
        }
    }
}

extension HandoverStage {
    /// The receivers of this stage; not what has started them.
    func receivers() throws -> [pid_t] {
        let words = ["receive", "--containers", "\(stage.folder.path)/there"]
        return try Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
            let line = (Files.text(of: "/proc/\(pid)/cmdline") ?? "").split(separator: "\0").map(String.init)
            return line.dropFirst().starts(with: words)
        }
    }
}
