import Bundles
import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// A server from Debian, in a container with a clone, that is moved while clients use it.
final class Workload: Sendable {
    let stage: Stage

    private init(_ stage: Stage) {
        self.stage = stage
    }

    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - flags: more of `create`.
    ///   - prepare: changes the rootfs before the clone is made.
    ///   - body: is called once the server listens on the stage's port.
    static func serving(
        _ command: (Stage) -> [String], flags: [String] = [],
        prepare: (_ stage: Stage, _ rootfs: String) async throws -> Void,
        _ body: (Workload) async throws -> Void
    ) async throws {
        try await Stage.empty { stage in
            let words = command(stage).flatMap { ["--args=\($0)"] }
            let create = ["create", "server", "--from", "tar:\(CacheFolder.path)/workloads-rootfs.tar.gz"]
            let outcome = try await stage.run(
                create + ["--namespace", "network=host", "--no-terminal", "--cwd", "/", "--env", "LC_ALL=C"] + flags
                    + words)
            try #require(outcome.succeeded, "\(outcome.errors)")
            try await prepare(stage, "\(stage.containers)/server/rootfs")
            try await stage.succeed("clone", "server", "server2")
            try await stage.succeed("run", "server", "--id", stage.id)
            try await stage.waitUntilServing()
            try await body(Workload(stage))
        }
    }

    /// Moves the container to the other bundle.
    func move(location: SourceLocation = #_sourceLocation) async throws -> MigrationReport {
        let before = try await stage.runningBundle()
        let report = try await stage.migrate(words: ["--predump", stage.id], location: location)
        #expect(
            try await stage.runningBundle() == (before == "server" ? "server2" : "server"), sourceLocation: location)
        #expect(try stage.leftovers() == [], sourceLocation: location)
        return report
    }

    /// A program of the server's rootfs.
    func start(_ words: String...) async throws -> RunningProgram {
        try await RunningProgram.start("chroot", ["\(stage.containers)/server/rootfs"] + words)
    }

    /// Ends a client that goes on until it is told, and returns how many answers it had.
    func count(_ client: RunningProgram, location: SourceLocation = #_sourceLocation) async throws -> Int {
        client.signal(SIGTERM)
        let outcome = try await client.outcome()
        let last = outcome.output.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("ok "), "\(outcome.output)\(outcome.errors)", sourceLocation: location)
        return Int(last.dropFirst(3)) ?? 0
    }

    /// Ends the container with `signal` and waits for that.
    func stop(_ signal: String) async throws {
        try await stage.succeed("kill", stage.id, signal)
        try await wait(for: "the end of the server") { try await stage.listed().first?.status == "stopped" }
    }
}

/// Whether root may do all that root usually may.
enum Privilege {
    /// CAP_SYS_RESOURCE: without it CRIU cannot dump processes of other users.
    static let resource: Bool = {
        let status = Files.text(of: "/proc/self/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let set = line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
        return set & 1 << 24 != 0
    }()
}
