import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import OCIConfig
import TestSupport
import Testing

@Suite(
    "From a tarball to a running container", .serialized, .timeLimit(.minutes(3)), .requiresRoot,
    .requires(tool: "runc"), .requiresRootfs)
struct LifecycleTests {
    @Test("create, clone: what there is afterwards")
    func createAndClone() async throws {
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            #expect(try Files.names(in: stage.containers) == ["pyserver"])
            #expect(try Files.names(in: "\(stage.containers)/pyserver") == ["config.json", "rootfs"])
            #expect(try await Tool.shell("stat -c %a pyserver", in: stage.containers) == "700\n")
            try await stage.succeed("clone", "pyserver", "pyserver2")
            #expect(try Files.names(in: "\(stage.containers)/pyserver2") == ["config.json", "rootfs"])
            let spec = try RuntimeSpec(parsing: Files.contents(of: "\(stage.containers)/pyserver2/config.json"))
            #expect(spec.annotations?.values.contains("\(stage.containers)/pyserver") == true)
            #expect(
                try await TreeListing.of("\(stage.containers)/pyserver2/rootfs")
                    == TreeListing.of("\(stage.containers)/pyserver/rootfs"))
        }
    }

    @Test("run, list, kill, delete; the runtime's own list says the same")
    func runToDelete() async throws {
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            // The id is the bundle's name: a name that nobody else has.
            try await stage.succeed("clone", "pyserver", stage.id)
            #expect(try await stage.succeed("run", stage.id) == "\(stage.id)\n")
            try await stage.waitUntilServing()

            let containers = try await stage.listed()
            #expect(containers.map(\.id) == [stage.id])
            #expect(containers.map(\.bundle) == ["\(stage.containers)/\(stage.id)"])
            #expect(containers.map(\.status) == ["running"])
            let list = try await stage.succeed("list").split(separator: "\n")
            #expect(list.count == 2)
            #expect(list.last?.hasPrefix(stage.id) == true)
            #expect(list.last?.hasSuffix("running  \(stage.containers)/\(stage.id)") == true)
            let json = try JSONDecoder().decode(
                [Container].self, from: Data(try await stage.succeed("list", "--json").utf8))
            #expect(json == containers)

            expectError(try await stage.run("run", stage.id), "there already")
            expectError(try await stage.run("delete", stage.id), "runs", "--force")
            try await stage.succeed("kill", stage.id, "KILL")
            try await wait(for: "the end of the container") { try await stage.listed().first?.status == "stopped" }
            try await stage.succeed("delete", stage.id)
            #expect(try await stage.listed().isEmpty)
            #expect(Files.exists("\(stage.containers)/\(stage.id)"))
            expectError(try await stage.run("delete", stage.id), "no container")
            expectError(try await stage.run("kill", stage.id), "no container")
        }
    }

    @Test("delete --force ends a running container, --bundle removes its folder too")
    func forceAndBundle() async throws {
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            let pid = try #require(try await stage.listed().first?.pid)
            try await stage.succeed("delete", "--force", stage.id)
            #expect(try await stage.listed().isEmpty)
            // It may stay a zombie until whoever inherits it has looked.
            try await wait(for: "the end of the server") {
                Files.text(of: "/proc/\(pid)/stat").map { $0.contains(") Z ") } ?? true
            }

            try await stage.succeed("run", "pyserver", "--id", stage.id)
            expectError(try await stage.run("delete", "--bundle", stage.id), "runs")
            #expect(try await stage.listed().map(\.status) == ["running"])
            #expect(Files.exists("\(stage.containers)/pyserver/config.json"))
            try await stage.succeed("delete", "--force", "--bundle", stage.id)
            #expect(try await stage.listed().isEmpty)
            #expect(try Files.names(in: stage.containers) == [])
        }
    }

    @Test("delete --bundle removes a bundle that has no container")
    func bundleAlone() async throws {
        try await Stage.empty { stage in
            try await stage.create(megabytes: 1)
            try await stage.succeed("delete", "--bundle", "pyserver")
            #expect(try Files.names(in: stage.containers) == [])
        }
    }
}
