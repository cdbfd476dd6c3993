import LinuxSystem
import TestSupport
import Testing

@Suite(
    "Containers folders with any path", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs)
struct PathTests {
    @Test(
        "create, clone, run, migrate both ways, delete",
        arguments: [
            "two  spaces, it's \"quoted\" $HOME `x`;&", "ünïcödé 容器", "a:b=c\n\\d", "real/../link/./x//",
            Array(repeating: String(repeating: "x", count: 200), count: 15).joined(separator: "/"),
        ])
    func path(containers: String) async throws {
        try await Stage.empty { stage in
            try await Tool.shell("mkdir real; ln -s real link", in: stage.folder.path)
            stage.set("BUNDLETOOL_CONTAINERS", containers)
            try await stage.create(megabytes: 1)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            try await stage.waitUntilServing()
            let sum = try await stage.checksum().sha256
            _ = try await stage.migrate(words: ["--predump"])
            #expect(try await stage.runningBundle() == "pyserver2")
            _ = try await stage.migrate(words: [])
            #expect(try await stage.runningBundle() == "pyserver")
            #expect(try await stage.checksum().sha256 == sum)
            // A line for the container, whatever its path.
            #expect(try await stage.succeed("list").split(separator: "\n").count == 2)
            try await stage.succeed("delete", "--force", "--bundle", stage.id)
            #expect(try Files.names(in: "\(stage.folder.path)/\(containers)") == ["pyserver2"])
        }
    }
}
