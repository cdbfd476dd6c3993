import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Moving a running server", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs)
struct MigrationTests {
    @Test("a client in the middle of its download gets all of it, and the memory is whole", arguments: [false, true])
    func client(predump: Bool) async throws {
        try await Stage.serving { stage in
            let before = try await stage.checksum()
            let rules = try await stage.firewallRules()
            let curl = try await stage.download()
            let options = predump ? ["--predump"] : []
            let report = try await stage.migrate(words: options + ["pyserver", "pyserver2"])
            #expect(report.container == stage.id)
            #expect(report.source == "\(stage.containers)/pyserver")
            #expect(report.destination == "\(stage.containers)/pyserver2")
            #expect(report.rounds.isEmpty != predump)
            #expect(try await stage.listed().map(\.bundle) == ["\(stage.containers)/pyserver2"])
            #expect(try await stage.runningBundle() == "pyserver2")
            #expect(try stage.leftovers() == [])

            let after = try await stage.checksum()
            #expect(after.sha256 == before.sha256)
            #expect(after.bytes == before.bytes)
            // Both questions and the download; on a busy machine the download may have ended before the second question.
            try await stage.expectComplete(curl)
            #expect(try await stage.checksum().requests == before.requests + 3)
            // The server really runs from there: its root is the other bundle's.
            let pid = try #require(try await stage.listed().first?.pid)
            let roots = try await Tool.shell(
                "stat -L -c %d:%i /proc/\(pid)/root containers/pyserver2/rootfs", in: stage.folder.path)
            #expect(Set(roots.split(separator: "\n")).count == 1)
            #expect(try await stage.firewallRules() == rules)
        }
    }

    @Test("ten times to and fro, in turns of both kinds; every answer is right")
    func toAndFro() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let ticks = try await stage.ticks()
            for turn in 1...10 {
                let destination = turn % 2 == 1 ? "pyserver2" : "pyserver"
                let report = try await stage.migrate(words: turn % 4 < 2 ? ["--predump"] : [])
                #expect(report.destination == "\(stage.containers)/\(destination)")
                #expect(try await stage.runningBundle() == destination)
                #expect(try await stage.checksum().sha256 == sum)
            }
            #expect(try stage.leftovers() == [])
            try await stage.expectUnbroken(ticks)
        }
    }

    @Test("--tracking: what is chosen is said; what the kernel cannot do is refused before anything is disturbed")
    func tracking() async throws {
        try await Stage.serving { stage in
            let findings = try JSONDecoder().decode(
                [Finding].self, from: Data(try await stage.succeed("doctor", "--json").utf8))
            let hasSoftDirty = findings.first { $0.subject == "soft-dirty" }?.verdict == .ok
            let sum = try await stage.checksum().sha256
            #expect(try await stage.migrate(words: []).tracking == nil)
            #expect(try await stage.migrate(words: ["--predump", "--tracking", "content"]).tracking == .content)
            let best = try await stage.migrate(words: ["--predump"])
            #expect(best.tracking == (hasSoftDirty ? .softDirty : .content))
            let words = ["migrate", "--predump", "--tracking", "soft-dirty"]
            let outcome = try await stage.run(words)
            if hasSoftDirty {
                #expect(outcome.succeeded)
                #expect(outcome.output.contains("soft-dirty"))
            } else {
                #expect(outcome.status == 1)
                #expect(outcome.output == "")
                #expect(outcome.errors.hasPrefix("error: this kernel does not mark changed pages"))
                #expect(outcome.errors.split(separator: "\n").count == 1)
                #expect(try await stage.runningBundle() == "pyserver2")
            }
            #expect(try await stage.run("migrate", "--tracking", "content").status == 2)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("--predump of an idle server: next to nothing crosses while it is stopped")
    func frozenBytes() async throws {
        try await Stage.serving(megabytes: 50) { stage in
            let plain = try await stage.migrate(words: [])
            #expect(plain.rounds == [])
            #expect(plain.frozenBytes > 50_000_000)
            let report = try await stage.migrate(words: ["--predump"])
            #expect(report.frozenBytes < 5_000_000)
            #expect(report.bytes > 50_000_000)
            #expect(report.knownPages > 12_000)
        }
    }

    @Test("a server that writes all the while arrives with what it wrote last")
    func dirty() async throws {
        try await Stage.serving { stage in
            _ = try await stage.get("/dirty?percent_per_s=50")
            let report = try await stage.migrate(words: ["--predump", "--bandwidth", "20MB/s"])
            // It rewrote about half of its pages a second meanwhile.
            #expect(report.finalPages > 100)
            #expect(report.knownPages > 0)
            #expect(try #require(report.predictedTransferSeconds) > 0)
            #expect(report.transferSeconds > 0)
            let back = try await stage.succeed("migrate", "--predump", "--bandwidth", "20MB/s")
            let lines = back.split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("round 1: sent") && !$0.contains("the rest would take") }.count == 1)
            #expect(lines.filter { $0.hasPrefix("round 2: sent") && $0.contains("; the rest would take ") }.count == 1)
            _ = try await stage.migrate(words: ["pyserver", "pyserver2"])
            _ = try await stage.get("/dirty?percent_per_s=0")
            let sum = try await stage.checksum().sha256
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try await stage.runningBundle() == "pyserver2")
        }
    }

    @Test("--bandwidth holds what crosses to the rate", arguments: [false, true])
    func bandwidth(predump: Bool) async throws {
        try await Stage.serving { stage in
            let report = try await stage.migrate(
                words: ["--bandwidth", "20MB/s", "--compress", "none"] + (predump ? ["--predump"] : []))
            #expect(report.bytes > 20_000_000)
            #expect(Double(report.bytes) / report.totalSeconds <= 20e6 * 1.1)
            if predump {
                let round = try #require(report.rounds.first)
                #expect(Double(round.pages * 4096) / round.seconds <= 20e6 * 1.1)
            } else {
                #expect(Double(report.frozenBytes) / report.dumpSeconds <= 20e6 * 1.1)
            }
        }
    }

    @Test("--compress: what is not random crosses compressed where that pays, and arrives whole")
    func compression() async throws {
        try await Stage.serving { stage in
            let sum = try await stage.checksum().sha256
            let plain = try await stage.migrate(words: ["--compress", "none", "--bandwidth", "60MB/s"])
            let local = try await stage.migrate(words: ["--predump"])
            #expect(plain.packedPages == 0 && local.packedPages == 0 && local.rounds.allSatisfy { $0.packed == 0 })
            let packed = try await stage.migrate(words: ["--compress", "zstd"])
            let chosen = try await stage.migrate(words: ["--predump", "--bandwidth", "60MB/s"])
            // Python's own memory, and not the 20 MB of random bytes.
            for (pages, bytes) in [(packed.packedPages, packed.bytes), (chosen.rounds[0].packed, chosen.bytes)] {
                #expect(pages > 500 && pages < 5000)
                #expect(plain.bytes - bytes > 1_000_000)
            }
            #expect(packed.compress == .zstd && chosen.compress == .auto)
            #expect(try await stage.checksum().sha256 == sum)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("zeros and equal pages are named, not sent, in rounds and while it is stopped")
    func namedPages() async throws {
        try await Stage.serving("equal-pages-server.py") { stage in
            let before = try await stage.get("/checksum")
            // Answering takes 62 MB for a moment, which Python may keep.
            let report = try await stage.migrate(words: ["--predump"])
            let round = try #require(report.rounds.first)
            #expect(round.zero >= 7000)
            #expect(round.copied >= 4000 + 2000)
            #expect(report.bytes < 30_000_000)
            #expect(try await stage.get("/checksum") == before)
            let stopped = try await stage.migrate(words: [])
            #expect(stopped.zeroPages >= 7000)
            #expect(stopped.copiedPages >= 4000 + 2000)
            #expect(stopped.bytes < 30_000_000)
            #expect(try await stage.get("/checksum") == before)
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("processes that share memory, talk through pipes and were forked arrive together")
    func processes() async throws {
        try await Stage.serving("forking-server.py") { stage in
            let before = try await stage.get("/checksum")
            #expect(before.split(separator: "\n").count == 4)
            let pid = try #require(try await stage.listed().first?.pid)
            #expect(try await Tool.shell("cat /proc/\(pid)/task/\(pid)/children").split(separator: " ").count == 3)
            let report = try await stage.migrate(words: ["--predump"])
            #expect(report.knownPages > 0)
            #expect(try await stage.get("/checksum") == before)
            // A worker's write is seen by the others, as it was before.
            _ = try await stage.get("/write")
            let written = try await stage.get("/checksum")
            #expect(written != before)
            _ = try await stage.migrate(words: [])
            #expect(try await stage.get("/checksum") == written)
            _ = try await stage.migrate(words: ["--predump"])
            #expect(try await stage.get("/checksum") == written)
            #expect(try stage.leftovers() == [])
        }
    }
}

/// A file beside these tests.
func fixture(_ name: String) -> String {
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/\(name)"
}
