internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// What a container's standard output and error go to. Standard input is `/dev/null` always.
///
/// A checkpoint can carry pipes and `/dev/null` only. Of the pipes it carries the container's ends: at the restore CRIU
/// puts others in their place, and what was in the old ones is still read from there.
package enum ContainerStdio: Sendable {
    /// `/dev/null`.
    case null
    /// A living monitor, which reads new pipes into the container's log.
    case monitor(ContainerMonitor)
    /// A monitor that is started for it. At a restore, a log that a container of this id has left when it moved away
    /// goes on.
    case newMonitor(LogLimits)
}

extension ContainerRuntime {
    // MARK: For a migration

    /// Prepares the log of a running container for its end by a dump.
    /// - Returns: what its stdio is to be at the restore. To be followed by `settle`.
    func holdStdio(of container: Container) async throws -> ContainerStdio {
        guard let monitor = try await monitor(of: container) else { return .null }
        try await monitor.hold()
        return .monitor(monitor)
    }

    /// For a container that comes from elsewhere: a log of its own here, where it has had one there.
    /// - Parameter images: runc notes in them what the stdio was.
    func receivedStdio(images: String) -> ContainerStdio {
        let noted = Files.text(of: "\(images)/descriptors.json", limit: 1 << 20) ?? ""
        return noted.contains("pipe:") ? .newMonitor(LogLimits()) : .null
    }

    /// The same for a container that a killed migration has left ended.
    func heldStdio(of id: String) throws -> ContainerStdio {
        let record = try record(of: id)
        guard let state = record.state else { return .null }
        return ContainerMonitor.connect(record).map { .monitor($0) } ?? .newMonitor(state.limits)
    }

    /// After a migration: it is decided where the container runs, or that it has ended.
    /// - Parameter isElsewhere: it goes on, under another monitor.
    func settle(_ stdio: ContainerStdio, isElsewhere: Bool = false) async {
        guard case .monitor(let monitor) = stdio else { return }
        try? await monitor.settle(isElsewhere: isElsewhere)
    }

    /// The same where the migration was killed: its monitor may be, too.
    /// - Parameter isElsewhere: it goes on, under another monitor.
    func settleStdio(of id: String, isElsewhere: Bool = false) async {
        guard let record = try? record(of: id) else { return }
        if let monitor = ContainerMonitor.connect(record) {
            try? await monitor.settle(isElsewhere: isElsewhere)
        } else if let running = try? await container(id), running.isRunning {
            _ = try? await monitor(of: running)
        } else if var state = record.state, state.status == .moving, let folder = try? record.open() {
            state.setEnd(nil)
            try? ContainerRecord.write(state, in: folder)
        }
    }

    // MARK: Monitors

    /// The monitor of a running container; one that was killed is replaced. Nil where the container has no log.
    /// - Parameter onRevival: called where it was replaced.
    package func monitor(
        of container: Container, onRevival: () -> Void = {}
    ) async throws -> ContainerMonitor? {
        let record = try record(of: container.id)
        guard let state = record.state else { return nil }
        let pipes: [UInt64]
        switch state.status {
        case .running where state.container == container.pid: pipes = state.pipes
        // The monitor died while it had the container restored.
        case .moving: pipes = Self.stdioPipes(of: container.pid)
        // A container of the same id that was started by other means.
        default: return nil
        }
        var attempts = 0
        while true {
            if let living = ContainerMonitor.connect(record) { return living }
            do {
                let monitor = try await ContainerMonitor.start(record, .adopt, state.limits)
                try await monitor.adopt(container, pipes: pipes)
                onRevival()
                return monitor
            } catch  where attempts < 50 {
                // Somebody else may just be doing the same.
                attempts += 1
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private static func stdioPipes(of pid: Int32) -> [UInt64] {
        [1, 2].map { number in
            let target = Files.linkTarget("/proc/\(pid)/fd/\(number)") ?? ""
            return target.hasPrefix("pipe:[") ? UInt64(target.dropFirst(6).dropLast()) ?? 0 : 0
        }
    }

    /// The monitor that is to start a container.
    func monitor(for id: String, _ stdio: ContainerStdio, _ mode: Monitor.Mode) async throws -> ContainerMonitor {
        let record = try record(of: id)
        switch stdio {
        case .monitor(let monitor) where monitor.isAlive: return monitor
        case .newMonitor(let limits): return try await ContainerMonitor.start(record, mode, limits)
        case .monitor, .null:
            return try await ContainerMonitor.start(record, mode, record.state?.limits ?? LogLimits())
        }
    }

    // MARK: Starting by a monitor

    func run(id: String, bundle: String, by monitor: ContainerMonitor) async throws {
        // The monitor removes the record of a failed start with the last connection.
        defer { withExtendedLifetime(monitor) {} }
        let record = monitor.record
        let arguments = command.run(id: id, bundle: bundle, log: record.runtimeLog, pidFile: record.pidFile)
        let end = try await monitor.perform(
            .run(arguments: [path] + arguments, undo: [path] + command.delete(id: id, force: true)))
        guard end == .exited(0) else { throw failure("run container \(id)", Tool.Outcome(end), log: record.runtimeLog) }
        unlink(record.runtimeLog)
    }

    func restore(
        _ operation: String, log: String, _ arguments: [String], criuLog: String, timeout: Duration,
        configuration: String?, by monitor: ContainerMonitor
    ) async throws {
        var tool = tool
        if let configuration { tool.environment["CRIU_CONFIG_FILE"] = configuration }
        let variables = tool.variables.merging(Self.inherited) { own, _ in own }.map { "\($0.key)=\($0.value)" }
        let runtime = Box<Int32>(0)
        do {
            let end = try await endingStranded {
                try await monitor.perform(
                    .restore(arguments: [path] + arguments, environment: variables), timeout: timeout,
                    onStart: { runtime.value = $0 })
            }
            if end == .exited(0) { return }
            throw failure(operation, Tool.Outcome(end), log: log, criuLog: criuLog)
        } catch let error as MigrateError where error.code == .busy {
            // The monitor was killed. The runtime goes on without it.
            let deadline = ContinuousClock.now + timeout
            while runtime.value != 0, ContainerProcess.isAlive(runtime.value), .now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            guard let container = try await container(monitor.record.id), container.isRunning else { throw error }
            _ = try await self.monitor(of: container)
        }
    }

    /// What of this process's variables matters to CRIU; the monitor has those of another time.
    private static var inherited: [String: String] {
        var found: [String: String] = [:]
        for name in ["PATH", "CRIU_CONFIG_FILE"] {
            if let value = getenv(name) { found[name] = String(cString: value) }
        }
        return found
    }
}

extension ContainerRuntime {
    /// Removes a container, its log and what is known of its end.
    package func remove(id: String, force: Bool) async throws {
        try await delete(id: id, force: force)
        try record(of: id).remove()
    }

    /// The containers, with how those ended that are known to have.
    package func containersWithEnds() async throws -> [Container] {
        var list = try await containers()
        for index in list.indices where list[index].status == "stopped" {
            guard let record = try? record(of: list[index].id) else { continue }
            // The monitor has its last lines to write.
            let deadline = ContinuousClock.now + .seconds(2)
            while record.state?.status == .running, record.isMonitored, .now < deadline { usleep(5000) }
            list[index].exitCode = record.state?.exitCode
            list[index].exitSignal = record.state?.signal
        }
        return list
    }
}

/// A value that one thread sets and another reads.
private final class Box<Value: Sendable>: Sendable {
    private let stored: Mutex<Value>
    init(_ value: Value) { stored = Mutex(value) }
    var value: Value {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

extension Tool.Outcome {
    fileprivate init(_ end: ChildProcess.End) {
        let status =
            switch end {
            case .exited(let code): "exited(\(code))"
            case .killed(let signal): "signaled(\(signal))"
            }
        self.init(succeeded: end == .exited(0), status: status, output: "", errors: "")
    }
}
