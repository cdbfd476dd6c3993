import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import Synchronization
import TestSupport
import Testing

/// Where a test of the program plays: a folder with a containers folder in it, a state folder of the runtime's own, a
/// free port. `with` removes it all, whatever happens.
final class Stage: Sendable {
    /// The working folder of every command: `./containers` is the containers folder.
    let folder: TemporaryFolder
    let port: UInt16
    /// Ids and with them cgroups are the whole machine's, also where state folders differ.
    let id: String
    private let environment: Mutex<[String: String?]>
    private let prefix = Mutex<[String]>([])
    private let runtime = Mutex<String?>(nil)
    private static let count = Mutex(0)

    var containers: String { "\(folder.path)/containers" }
    var state: String { "\(folder.path)/state" }

    private init() throws {
        folder = try TemporaryFolder()
        port = try Descriptor.listenOnLoopback().port
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        id = "bundletool-test-\(getpid())-\(number)"
        environment = Mutex(["BUNDLETOOL_CONTAINERS": nil])
    }

    /// An empty stage.
    static func empty(_ body: (Stage) async throws -> Void) async throws {
        let stage = try Stage()
        do {
            try await body(stage)
        } catch {
            try await stage.takeDown()
            throw error
        }
        try await stage.takeDown()
    }

    /// A stage with the bundles `pyserver` and `pyserver2`, the first one running and serving.
    /// - Parameters:
    ///   - megabytes: what the server holds.
    ///   - runtime: what all commands use.
    ///   - prepare: changes bundles before the clone is made.
    static func serving(
        megabytes: Int = 20, with runtime: StageRuntime = .runc, prepare: (Stage) async throws -> Void = { _ in },
        _ body: (Stage) async throws -> Void
    ) async throws {
        try await empty { stage in
            if runtime == .crun { stage.use(runtime: StageRuntime.crunPath, prefix: StageRuntime.crunPrefix) }
            try await stage.create(megabytes: megabytes)
            try await prepare(stage)
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            try await stage.waitUntilServing()
            try await body(stage)
        }
    }

    /// The same with another server: a script among the fixtures.
    static func serving(_ script: String, _ body: (Stage) async throws -> Void) async throws {
        let server = try Files.contents(of: fixture(script))
        try await serving(
            prepare: { stage in
                try Files.write(server, to: "\(stage.containers)/pyserver/rootfs/srv/server.py")
            }, body)
    }

    func create(megabytes: Int) async throws {
        try await succeed(
            "create", "pyserver", "--env", "PYSERVER_MB=\(megabytes)", "--env", "PYSERVER_PORT=\(port)",
            "--env", "PYSERVER_BIND=127.0.0.1")
    }

    func set(_ variable: String, _ value: String?) {
        environment.withLock { $0[variable] = value }
    }

    /// Has every command run with this runtime, and be started by `prefix`.
    func use(runtime path: String, prefix words: [String]) {
        runtime.withLock { $0 = path }
        prefix.withLock { $0 = words }
    }

    private func takeDown() async throws {
        if runtime.withLock({ $0 }) != nil {
            _ = try await run("delete", "--force", id)
            // A runtime that sees version 2 only does not remove the cgroups of version 1 that CRIU has made anew.
            let folders = "find /sys/fs/cgroup -depth -type d -name '\(id)'"
            try await Tool.shell("\(folders) -exec rmdir {} + 2>/dev/null || true")
        }
        let runtime = try #require(Tool.path(of: "runc"))
        let ids = try await Tool.run(runtime, ["--root", state, "list", "--quiet"]).output
        for id in ids.split(separator: "\n") {
            let outcome = try await Tool.run(runtime, ["--root", state, "delete", "--force", String(id)])
            if !outcome.succeeded { Issue.record("cannot remove container \(id): \(outcome.errors)") }
        }
    }

    // MARK: The program

    /// Commands that talk to the runtime get a state folder of their own.
    private static let usesRuntime: Set = [
        "run", "list", "logs", "wait", "kill", "delete", "migrate", "doctor", "demo",
    ]

    func arguments(_ words: [String]) -> [String] {
        guard Self.usesRuntime.contains(words.first ?? "") else { return words }
        return words + ["--runtime-root", state] + (runtime.withLock { $0 }.map { ["--runtime", $0] } ?? [])
    }

    private func commandLine(_ words: [String]) -> (program: String, arguments: [String]) {
        let all = prefix.withLock { $0 } + [Tool.commandLine] + arguments(words)
        return (all[0], Array(all.dropFirst()))
    }

    /// Starts bundletool in this stage's folder.
    func start(_ words: String...) async throws -> RunningProgram { try await start(words: words) }

    func start(words: [String]) async throws -> RunningProgram {
        let (program, arguments) = commandLine(words)
        return try await RunningProgram.start(
            program, arguments, environment: environment.withLock { $0 }, in: folder.path)
    }

    func run(_ words: [String]) async throws -> Tool.Outcome {
        let (program, arguments) = commandLine(words)
        return try await RunningProgram.run(
            program, arguments, environment: environment.withLock { $0 }, in: folder.path)
    }

    func run(_ words: String...) async throws -> Tool.Outcome { try await run(words) }

    /// Runs a command that must succeed, and returns what it prints.
    @discardableResult
    func succeed(_ words: String..., location: SourceLocation = #_sourceLocation) async throws -> String {
        try await succeed(words: words, location: location)
    }

    @discardableResult
    func succeed(words: [String], location: SourceLocation = #_sourceLocation) async throws -> String {
        let outcome = try await run(words)
        try #require(
            outcome.succeeded, "bundletool \(words.joined(separator: " ")): \(outcome.errors)", sourceLocation: location
        )
        return outcome.output
    }

    /// Migrates, and returns the report.
    func migrate(words: [String], location: SourceLocation = #_sourceLocation) async throws -> MigrationReport {
        let outcome = try await run(["migrate", "--json"] + words)
        try #require(outcome.succeeded, "migrate \(words): \(outcome.errors)", sourceLocation: location)
        return try JSONDecoder().decode(MigrationReport.self, from: Data(outcome.output.utf8))
    }

    // MARK: What there is

    /// The containers of this stage, as the runtime itself lists them.
    func listed() async throws -> [Container] {
        let runtime = runtime.withLock { $0 } ?? "runc"
        let words = prefix.withLock { $0 } + [runtime, "--root", state, "list", "--format", "json"]
        let text = try await Tool.run(words[0], Array(words.dropFirst())).output
        return try JSONDecoder().decode([Container]?.self, from: Data(text.utf8)) ?? []
    }

    /// The name of the bundle that the container runs from; nil where it does not run.
    func runningBundle() async throws -> String? {
        let all = try await listed()
        let running = all.filter { $0.isRunning && $0.id == id }
        return running.first.map { String($0.bundle.split(separator: "/").last ?? "") }
    }

    /// Everything in the containers folder that is no bundle: what a command left behind.
    func leftovers() throws -> [String] {
        try Files.names(in: containers).filter { $0.hasPrefix(".") || !Files.exists("\(containers)/\($0)/config.json") }
    }

    /// CRIU's processes that were started for something below a folder: what a runtime starts has no path among its
    /// words, but in its environment.
    static func criuProcesses(below folder: String) throws -> [pid_t] {
        try Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
            let words = (Files.text(of: "/proc/\(pid)/cmdline") ?? "").split(separator: "\0")
            return words.prefix(4).contains { $0.hasSuffix("criu") || $0.hasSuffix("criu.bin") }
                && (Files.linkTarget("/proc/\(pid)/cwd")?.hasPrefix(folder) == true
                    || Files.text(of: "/proc/\(pid)/environ")?.contains(folder) == true)
        }
    }

    /// The packet filter's rules about this stage's port; other tests have rules of their own meanwhile.
    func firewallRules() async throws -> [String] {
        let tool = try #require(Tool.path(of: "iptables-save"))
        // CRIU's tables are not among those that iptables shows.
        let list = try #require(Tool.path(of: "nft"))
        let rules = try await Tool.shell("\(tool) 2>/dev/null; \(list) list ruleset inet 2>/dev/null")
        return rules.split(separator: "\n").map(String.init).filter { $0.contains("\(port)") }
    }
}
