import Migrate
import TestSupport
import Testing

@Suite(
    "Which container moves where", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs)
struct MigrateSelectionTests {
    @Test("no names: to the one clone, back to the origin; several are listed")
    func noNames() async throws {
        try await Stage.serving(megabytes: 1) { stage in
            #expect(try await stage.migrate(words: []).destination == "\(stage.containers)/pyserver2")
            #expect(try await stage.migrate(words: []).destination == "\(stage.containers)/pyserver")
            try await stage.succeed("clone", "pyserver", "pyserver3")
            expectError(try await stage.run("migrate"), "pyserver2, pyserver3")
            #expect(try await stage.runningBundle() == "pyserver")
            // A name for the one thing that is ambiguous is enough.
            #expect(
                try await stage.migrate(words: [stage.id, "pyserver3"]).destination == "\(stage.containers)/pyserver3")
            #expect(try await stage.migrate(words: ["pyserver3"]).destination == "\(stage.containers)/pyserver")
        }
    }

    @Test("no names, two containers: both are listed")
    func twoRunning() async throws {
        try await Stage.serving(megabytes: 1) { stage in
            let other = "\(stage.id)-other"
            try await stage.succeed(
                "create", "other", "--from", "dir:containers/pyserver/rootfs", "--args", "sleep", "--args", "100")
            try await stage.succeed("run", "other", "--id", other)
            expectError(try await stage.run("migrate"), "\(stage.id), \(other)")
            expectError(try await stage.run("migrate", "pyserver", "other"), "in use", other)
            #expect(try await stage.runningBundle() == "pyserver")
            #expect(try await stage.listed().map(\.status) == ["running", "running"])
        }
    }

    @Test("none runs; none of that name; a stopped one; the same bundle; no such destination; a bundle that is none")
    func nothingToMove() async throws {
        try await Stage.serving(megabytes: 1) { stage in
            expectError(try await stage.run("migrate", "nobody", "pyserver2"), "nobody")
            expectError(try await stage.run("migrate", "pyserver", "pyserver"), "already runs in")
            expectError(try await stage.run("migrate", "pyserver", "nowhere"), "nowhere")
            try await Tool.shell("mkdir containers/hollow", in: stage.folder.path)
            expectError(try await stage.run("migrate", "pyserver", "hollow"), "config.json")
            expectError(try await stage.run("migrate", "pyserver", "a\nb"))
            expectError(try await stage.run("migrate", "pyserver", ""))
            #expect(try await stage.runningBundle() == "pyserver")
            _ = try await stage.checksum()
            try await Tool.shell("rmdir containers/hollow", in: stage.folder.path)
            #expect(try stage.leftovers() == [])

            try await stage.succeed("kill", stage.id, "KILL")
            try await wait(for: "the end of the container") { try await stage.runningBundle() == nil }
            expectError(try await stage.run("migrate", stage.id, "pyserver2"), "stopped")
            expectError(try await stage.run("migrate", "pyserver", "pyserver2"), "no container runs from")
            expectError(try await stage.run("migrate"), "bundletool run")
        }
    }
}
