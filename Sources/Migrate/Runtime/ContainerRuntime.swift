internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// runc or crun on this machine.
package struct ContainerRuntime: Sendable {
    /// The executable.
    package let path: String
    private(set) var command: RuntimeCommand
    /// A folder whose `criu` the runtime shall use: it goes in front of `PATH`.
    var criuFolder: String?

    /// Finds the runtime: `explicit` (a name or a path), else runc, else crun.
    /// - Parameter stateFolder: the runtime's `--root`; nil is its own default.
    /// - Throws: `.toolMissing` with what to do.
    package static func find(explicit: String?, stateFolder: String? = nil) throws -> ContainerRuntime {
        let names = explicit.map { [$0] } ?? RuntimeCommand.Kind.allCases.map(\.rawValue)
        for name in names {
            guard let path = name.contains("/") ? (Files.isExecutable(name) ? name : nil) : Tool.find(name) else {
                continue
            }
            let base = path.split(separator: "/").last.map(String.init) ?? path
            guard let kind = RuntimeCommand.Kind.allCases.first(where: { base.contains($0.rawValue) }) else {
                throw MigrateError(
                    .toolMissing, "\(path) is neither runc nor crun by its name; bundletool knows these two")
            }
            // Absolute: others than this process, in other folders, come to use them.
            return ContainerRuntime(
                path: Files.absolutePath(path),
                command: RuntimeCommand(kind: kind, stateFolder: stateFolder.map(Files.absolutePath)))
        }
        throw MigrateError(
            .toolMissing,
            explicit.map { "there is no runtime '\($0)': name an installed runc or crun with --runtime" }
                ?? "neither runc nor crun is installed: apt-get install runc")
    }

    /// Whether a dump can leave the memory in the processes and wait for a verdict (`DumpHold`).
    private(set) var canHold = false
    /// Whether a restore can leave the memory to a page server of ours (`LazyRestore`).
    private(set) var canRestoreLazily = false

    /// The same runtime, with the `criu` in `criuFolder`, and with what it can do looked up.
    /// - Throws: `.toolMissing` where it cannot hand pages to a page server.
    func prepared(criuFolder: String? = nil) async throws -> ContainerRuntime {
        var copy = self
        if let criuFolder { copy.criuFolder = criuFolder }
        let help = try await tool.run(command.checkpointHelp())
        guard try await canCheckpoint(help) else {
            let version = try await version()
            throw MigrateError(
                .toolMissing,
                "\(name) \(version) cannot checkpoint into a page server, which a migration needs: install runc and "
                    + "run the container with it (--runtime runc)")
        }
        copy.command.canIgnoreCgroups = help.output.contains("'ignore'")
        let restoring = try await tool.run(command.restoreHelp())
        let isCrun = command.kind == .crun
        copy.canRestoreLazily = isCrun || restoring.succeeded && restoring.output.contains("--lazy-pages")
        copy.canHold = (isCrun || help.output.contains("--lazy-pages")) && Tool.find("bash") != nil
        return copy
    }

    /// crun hands everything that it has no flag for to CRIU's configuration; it can be built without CRIU.
    private func canCheckpoint(_ help: Tool.Outcome) async throws -> Bool {
        switch command.kind {
        case .runc: return help.succeeded && help.output.contains("--page-server")
        case .crun: return help.succeeded ? try await tool.run(["--version"]).output.contains("+CRIU") : false
        }
    }

    /// `runc` or `crun`.
    package var name: String { command.kind.rawValue }

    package func version() async throws -> String {
        let outcome = try await tool.run(["--version"])
        return outcome.output.split(separator: "\n").first.map { String($0.split(separator: " ").last ?? $0) }
            ?? "unknown"
    }

    /// All containers of this runtime, by id.
    package func containers() async throws -> [Container] {
        let outcome = try await tool.run(command.list())
        guard outcome.succeeded else { throw failure("list the containers", outcome) }
        let text = outcome.output.drop { $0.isWhitespace }
        if text.isEmpty || text.hasPrefix("null") { return [] }
        do {
            let list = try JSONDecoder().decode([Container].self, from: Data(text.utf8))
            return list.sorted { $0.id < $1.id }
        } catch {
            throw MigrateError(.toolFailed, "\(name) list printed something unexpected", cause: error)
        }
    }

    /// The container `id`, or nil.
    package func container(_ id: String) async throws -> Container? {
        try await containers().first { $0.id == id }
    }

    /// The container `id` after a dump that has not come to its end, or nil. A runtime or CRIU that was killed meanwhile
    /// leaves the cgroup frozen; nobody else would thaw it.
    func thawed(_ id: String) async throws -> Container? {
        let found = try await container(id)
        guard let found, found.status == "paused", let freezer = ContainerFreezer(pid: found.pid) else { return found }
        try freezer.thaw()
        return try await container(id)
    }

    /// Starts a container in the background.
    package func run(id: String, bundle: String, stdio: ContainerStdio) async throws {
        guard case .null = stdio else {
            return try await run(id: id, bundle: bundle, by: try await monitor(for: id, stdio, .run))
        }
        let log = "/tmp/.bundletool-\(getpid())-\(UInt32.random(in: 0 ... .max)).log"
        defer { unlink(log) }
        try await detached("run container \(id)", log: log, command.run(id: id, bundle: bundle, log: log))
    }

    package func kill(id: String, signal: String) async throws {
        let outcome = try await tool.run(command.kill(id: id, signal: signal))
        guard outcome.succeeded else { throw failure("send \(signal) to container \(id)", outcome) }
    }

    package func delete(id: String, force: Bool) async throws {
        let outcome = try await tool.run(command.delete(id: id, force: force))
        guard outcome.succeeded else { throw failure("delete container \(id)", outcome) }
    }

    // MARK: Checkpoint and restore

    /// Dumps a container with all pages going to the page server; a success ends the container.
    /// - Parameter settings: lines of CRIU's configuration.
    func checkpoint(
        id: String, images: String, work: String, pageServerPort: UInt16, settings: [String] = []
    ) async throws {
        var tool = tool
        try CRIUConfiguration.write(
            command.dumpConfiguration(pageServerPort: pageServerPort, lazy: false) + settings, to: "\(work)/criu.conf")
        tool.environment["CRIU_CONFIG_FILE"] = "\(work)/criu.conf"
        let arguments = command.checkpoint(
            id: id, images: images, work: work, pageServerPort: pageServerPort, lazy: false)
        try await checkpoint(id, arguments, tool, work)
    }

    /// Dumps a container without its memory, and holds at the end until `hold` decides.
    func checkpoint(id: String, images: String, work: String, hold: DumpHold) async throws {
        let arguments = command.checkpoint(id: id, images: images, work: work, pageServerPort: hold.port, lazy: true)
        var tool = tool
        tool.environment["CRIU_CONFIG_FILE"] = try configuration(
            command.dumpConfiguration(pageServerPort: hold.port, lazy: true), after: hold.hold.configuration, in: work)
        try await checkpoint(id, arguments, tool, work)
    }

    private func checkpoint(_ id: String, _ arguments: [String], _ tool: Tool, _ work: String) async throws {
        let outcome = try await endingStranded { try await tool.run(arguments) }
        guard outcome.succeeded else {
            throw failure("checkpoint container \(id)", outcome, criuLog: "\(work)/dump.log")
        }
    }

    /// - Parameters:
    ///   - timeout: how long it may take.
    ///   - stdio: what the container's output goes to from now on.
    ///   - lazy: whether the pages that are marked so come from a page server in `work`.
    ///   - hold: keeps the restored container from running until it decides.
    func restore(
        id: String, bundle: String, images: String, work: String, timeout: Duration, stdio: ContainerStdio,
        lazy: Bool = false, hold: Hold? = nil
    ) async throws {
        let log = "\(work)/runtime.log"
        unlink(log)
        if command.kind == .crun {
            mkdir("/run/crun", 0o700)
            mkdir(RuntimeCommand.emptyFolder, 0o555)
        }
        let configuration = try configuration(
            command.restoreConfiguration(lazy: lazy), after: hold?.configuration, in: work)
        guard case .null = stdio else {
            let monitor = try await monitor(for: id, stdio, .restore)
            let arguments = command.restore(
                id: id, bundle: bundle, images: images, work: work, log: log, lazy: lazy,
                pidFile: monitor.record.pidFile)
            return try await restore(
                "restore container \(id) in \(bundle)", log: log, arguments, criuLog: "\(work)/restore.log",
                timeout: timeout, configuration: configuration, by: monitor)
        }
        try await detached(
            "restore container \(id) in \(bundle)", log: log,
            command.restore(id: id, bundle: bundle, images: images, work: work, log: log, lazy: lazy),
            criuLog: "\(work)/restore.log", timeout: timeout, configuration: configuration)
    }

    /// The configuration for CRIU: what there is already, and what this runtime has no flags for.
    private func configuration(_ lines: [String], after base: String?, in work: String) throws -> String? {
        if lines.isEmpty { return base }
        let path = "\(work)/\(name).conf"
        if let base {
            let text = (Files.text(of: base) ?? "") + lines.joined(separator: "\n") + "\n"
            try Files.write(Array(text.utf8), to: path)
        } else {
            try CRIUConfiguration.write(lines, to: path)
        }
        return path
    }

    /// Ends a container whose other copy runs elsewhere, and removes it.
    func discard(_ container: Container) async throws {
        // A frozen one must not run a step.
        if container.pid > 0 { try? ContainerFreezer(pid: container.pid)?.end(below: container.pid) }
        _ = try await tool.run(command.kill(id: container.id, signal: "KILL"))
        try await delete(id: container.id, force: true)
    }

    /// Removes what a failed or killed restore has left under the id, which would refuse the next one.
    ///
    /// runc mounts the bundle's root below its state folder before it has written any state, and then knows nothing of
    /// the container any more.
    /// - Parameter bundle: the one that was restored into.
    func clearFailedRestore(of id: String, in bundle: String) async throws {
        await NetworkLock.clearChain(ofBundle: bundle)
        let found = try await container(id)
        if let found {
            // Whoever asks believes it dead; if it lives, that was wrong, and it must not be ended for it.
            guard !found.isRunning else {
                throw MigrateError(.wrongState, "container \(id) runs in \(found.bundle) and is left alone")
            }
            try await delete(id: id, force: true)
        }
        await HalfRestored(of: id, in: bundle).end()
        // crun mounts it in the bundle, and would not restore there again.
        if command.kind == .crun { removeMount("\(bundle)/criu-root") }
        guard found == nil else { return }
        let remains = "\(command.stateFolder ?? "/run/\(name)")/\(id)"
        // crun leaves a folder without a status, and removes it when told to.
        if command.kind == .crun { _ = try await tool.run(command.delete(id: id, force: true)) }
        guard Files.exists(remains), !Files.exists("\(remains)/state.json") else { return }
        removeMount("\(remains)/criu-root")
        // A state that was being written (runc `saveState`).
        for name in (try? Files.names(in: remains)) ?? [] where name.hasPrefix("state-") {
            unlink("\(remains)/\(name)")
        }
        // Only where that was all: what anybody else keeps there stays.
        rmdir(remains)
    }

    /// Removes the folder of a mount; where that has anything in it, it stays.
    private func removeMount(_ path: String) {
        if umount2(path, Int32(MNT_DETACH)) == 0 || errno == EINVAL { rmdir(path) }
    }

    // MARK: Running the tool

    var tool: Tool {
        Tool(path: path, searchFirst: criuFolder)
    }

    /// Does `body`, in which the runtime may wait for what a killed CRIU has left.
    func endingStranded<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        guard let criuFolder else { return try await body() }
        return try await StrandedCRIU(criuFolder: criuFolder).ending(while: body)
    }

    /// Ends all that CRIU does for this migration. Processes that it has traced go on.
    func endCRIU() {
        if let criuFolder { StrandedCRIU(criuFolder: criuFolder).endAll() }
    }

    /// Runs a command whose container inherits the stdio: messages come through a log file instead.
    private func detached(
        _ operation: String, log: String, _ arguments: [String], criuLog: String? = nil, timeout: Duration? = nil,
        configuration: String? = nil
    ) async throws {
        var tool = tool
        if let configuration { tool.environment["CRIU_CONFIG_FILE"] = configuration }
        // Made by us first: in a shared folder, the runtime must not follow somebody's link.
        _ = try Descriptor.open(log, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        let outcome = try await endingStranded {
            try await tool.run(arguments, output: .discarded, timeout: timeout)
        }
        if outcome.succeeded { return }
        throw failure(operation, outcome, log: log, criuLog: criuLog)
    }

    func failure(
        _ operation: String, _ outcome: Tool.Outcome, log: String, criuLog: String? = nil
    ) -> MigrateError {
        var outcome = outcome
        outcome.errors = Files.text(of: log, limit: 1 << 20) ?? ""
        return failure(operation, outcome, criuLog: criuLog)
    }

    private func failure(_ operation: String, _ outcome: Tool.Outcome, criuLog: String? = nil) -> MigrateError {
        let log = criuLog.flatMap { Files.text(of: $0) } ?? ""
        var message =
            "cannot \(operation): "
            + (RuntimeLog.meaning(of: log) ?? RuntimeLog.lastMessage(of: outcome.errors)
                ?? "\(name) ended with \(outcome.status)")
        if let errors = RuntimeLog.criuErrors(of: log) {
            message += "; CRIU's log ends: \(errors)"
        }
        return MigrateError(.toolFailed, message)
    }
}
