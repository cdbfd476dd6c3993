import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// A process tree that changes its memory in every way that a tracker of pages could miss, and checks all of it. The
/// same program is moved on a kernel with soft-dirty bits by `make test-vm`.
@Suite(
    "Moving a process tree that changes its memory in every way", .serialized, .timeLimit(.minutes(3)), .requiresRoot,
    .requires(tool: "runc"), .requires(tool: "clang"), .requiresCRIU, .requiresRootfs)
struct MemoryStressTests {
    @Test("not one byte differs, move after move")
    func wholeMemory() async throws {
        try await Stage.empty { stage in
            let program = "\(stage.folder.path)/stress"
            try await Tool.shell("clang -static -O1 -o '\(program)' '\(fixture("memory-stress.c"))'")
            let words = ["/srv/stress", "\(stage.port)", "16", "3"]
            let created = try await stage.run(["create", "pyserver"] + words.flatMap { ["--args", $0] })
            try #require(created.succeeded, "\(created.errors)")
            try await Tool.shell("cp '\(program)' '\(stage.containers)/pyserver/rootfs/srv/stress'")
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            try await wait(for: "the processes") { (try? await Self.ask(stage)) != nil }
            // $STRESS_TURNS for a longer look.
            let turns = getenv("STRESS_TURNS").flatMap { Int(String(cString: $0)) } ?? 4
            for turn in 1...turns {
                let report = try await stage.migrate(
                    words: ["--predump", "--max-rounds", "4", "--bandwidth", "60MB/s"])
                let answer = try await Self.ask(stage)
                try #require(answer.hasPrefix("ok "), "after move \(turn): \(answer)")
                #expect(report.rounds.count > 1)
                #expect(report.knownPages > 0)
            }
            #expect(try stage.leftovers() == [])
        }
    }

    /// Has all processes look at all of their pages.
    private static func ask(_ stage: Stage) async throws -> String {
        try await Tool.shell("timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(stage.port) && cat <&3'")
    }
}
