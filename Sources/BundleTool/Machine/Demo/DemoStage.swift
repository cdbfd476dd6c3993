import ArgumentParser
import Bundles
import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate

/// Where the demo plays: two bundles in a temporary folder, a server on a free port. Everything is gone afterwards.
final class DemoStage: Sendable {
    private let folder: String
    private let port: UInt16
    private let options: [String]
    private let migrateOptions: [String]
    private let size: Int
    private let quiet: Bool
    /// Distinct, so that a demo meets no container of the user's.
    private let id = "pyserver-demo-\(getpid())"

    /// Sets up, runs `body`, and takes down whatever happens.
    static func with<Value: Sendable>(
        size: Int, runtime: RuntimeOptions, criu: CRIUOptions, quiet: Bool,
        _ body: @Sendable (DemoStage) async throws -> Value
    ) async throws -> Value {
        let stage = try DemoStage(size: size, runtime: runtime, criu: criu, quiet: quiet)
        let result: Result<Value, any Error>
        do {
            try await stage.setUp()
            result = .success(try await body(stage))
        } catch {
            result = .failure(error)
        }
        // In a task of its own: an interrupted demo tidies up like any other.
        await Task.detached { await stage.takeDown(runtime) }.value
        return try result.get()
    }

    private init(size: Int, runtime: RuntimeOptions, criu: CRIUOptions, quiet: Bool) throws {
        self.size = size
        folder = "/var/tmp/bundletool-demo-\(getpid())"
        // The listener is closed right away: what counts is a port that nobody uses.
        port = try Descriptor.listenOnLoopback().port
        var options: [String] = []
        if let name = runtime.runtime { options += ["--runtime", name] }
        if let root = runtime.runtimeRoot { options += ["--runtime-root", root] }
        self.options = options
        migrateOptions = options + (quiet ? ["--json"] : []) + (criu.criu.map { ["--criu", $0] } ?? [])
        self.quiet = quiet
    }

    private func setUp() async throws {
        try Files.makeFolder(folder)
        try await command(
            CreateCommand.self, ["create", "pyserver"],
            ["--env", "PYSERVER_PORT=\(port)", "--env", "PYSERVER_BIND=127.0.0.1", "--env", "PYSERVER_MB=\(size)"])
        try await command(CloneCommand.self, ["clone", "pyserver", "pyserver2"], [])
        try await command(RunCommand.self, ["run", "pyserver"], ["--id", id] + options)
        try await waitUntilServing()
    }

    private func takeDown(_ runtime: RuntimeOptions) async {
        if let runtime = try? runtime.find(), (try? await runtime.container(id)) != nil {
            try? await runtime.remove(id: id, force: true)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Moves the container to the other bundle while curl downloads.
    func move(precopy: Bool, bandwidth: String) async throws -> DemoRun {
        let words = ["migrate"] + (precopy ? ["--predump"] : []) + ["--bandwidth", bandwidth]
        let migrate = try parse(
            MigrateCommand.self, Array(words.dropFirst()) + ["--containers", folder] + migrateOptions)
        let start = ContinuousClock.now
        let download = Download(url: "http://127.0.0.1:\(port)/", start: start)
        let probe = try TickProbe(port: port, start: start)
        defer { probe.stop() }
        async let ticking: Void = probe.run()
        say("\n$ bundletool \(words.joined(separator: " "))")
        // A round may take longer than the whole download; then curl begins late enough to be in the middle of it when
        // the container stops.
        let head = precopy ? max(0, Self.expectedRound(size, bandwidth) - 6) : 0
        async let downloading = Self.later(head) { try await download.run() }
        if head == 0 {
            let deadline = ContinuousClock.now + .seconds(60)
            while download.arrived < 3 {
                guard ContinuousClock.now < deadline else { throw DemoError("curl received no packets for a minute") }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let began = (.now - start) / .seconds(1)
        let report = try await migrate.perform()
        let ended = (.now - start) / .seconds(1)
        let packets = try await downloading
        probe.stop()
        try await ticking
        return DemoRun(
            precopy: precopy, bandwidth: bandwidth, packets: packets, silence: probe.longest,
            migration: began...ended, report: report)
    }

    /// Seconds that the server's memory takes at a rate.
    private static func expectedRound(_ megabytes: Int, _ bandwidth: String) -> Double {
        Rate(bandwidth).map { Double(megabytes) * 1e6 / $0.bytesPerSecond } ?? 0
    }

    private static func later<Value: Sendable>(
        _ seconds: Double, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await Task.sleep(for: .seconds(seconds))
        return try await body()
    }

    private func waitUntilServing() async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            if let connection = try? Descriptor.connectToLoopback(port: port) {
                withExtendedLifetime(connection) {}
                return
            }
            guard ContinuousClock.now < deadline else { throw DemoError("the server did not start within two minutes") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Shows a command as a user types it, and does it with the demo's own folder, port and id.
    private func command<Command: AsyncParsableCommand>(
        _ type: Command.Type, _ words: [String], _ more: [String]
    ) async throws {
        say("$ bundletool \(words.joined(separator: " "))")
        var command = try parse(type, Array(words.dropFirst()) + ["--containers", folder] + more)
        try await command.run()
    }

    private func parse<Command: AsyncParsableCommand>(_ type: Command.Type, _ arguments: [String]) throws -> Command {
        guard let command = try type.parseAsRoot(arguments) as? Command else {
            preconditionFailure("the demo's own arguments do not parse")
        }
        return command
    }

    private func say(_ text: String) {
        if !quiet { print(text) }
    }
}
