internal import Glibc
internal import LinuxSystem

/// A connection to the monitor of a container. The monitor runs on when it is closed, if it has a container.
package final class ContainerMonitor: Sendable {
    package let record: ContainerRecord
    private let connection: Descriptor

    private init(_ record: ContainerRecord, _ connection: Descriptor) {
        self.record = record
        self.connection = connection
    }

    /// The living monitor of a container, or nil.
    static func connect(_ record: ContainerRecord) -> ContainerMonitor? {
        guard record.isMonitored, let folder = try? record.open(),
            let connection = try? folder.connectToPackets(ContainerRecord.socketName)
        else { return nil }
        return ContainerMonitor(record, connection)
    }

    /// Starts a monitor that has no container yet.
    static func start(
        _ record: ContainerRecord, _ mode: Monitor.Mode, _ limits: LogLimits
    ) async throws -> ContainerMonitor {
        let monitor: ContainerMonitor
        do {
            monitor = ContainerMonitor(record, try spawn(record, mode, limits))
        } catch {
            throw MigrateError(.toolFailed, "cannot start the monitor of container \(record.id)", cause: error)
        }
        try await monitor.expectDone("start the monitor of container \(record.id)")
        return monitor
    }

    /// - Returns: the connection to it.
    private static func spawn(
        _ record: ContainerRecord, _ mode: Monitor.Mode, _ limits: LogLimits
    ) throws -> Descriptor {
        let (here, there) = try Descriptor.packetPair()
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let words = [
            Monitor.command, record.id, record.path, "\(limits.fileSize)", "\(limits.files)", mode.rawValue,
        ]
        // By its name, which ps shows; where it has been replaced meanwhile, the one that runs.
        let own = Files.linkTarget("/proc/self/exe") ?? ""
        let program = Files.isExecutable(own) ? own : "/proc/self/exe"
        let pid = try ChildProcess.start(program, words, descriptors: [null, null, null, there])
        // It goes on in a child.
        _ = try ChildProcess.wait(for: pid)
        return here
    }

    /// Whether it answers still.
    var isAlive: Bool { record.isMonitored }

    /// Has the monitor run the runtime, and waits for its end.
    /// - Parameters:
    ///   - timeout: how long it may take; it is ended then, and all that it has started in its session.
    ///   - onStart: hears the runtime's process id.
    /// - Returns: how the runtime has ended.
    /// - Throws: `.busy` where the monitor died meanwhile.
    func perform(
        _ request: MonitorRequest, timeout: Duration? = nil, onStart: @escaping @Sendable (Int32) -> Void = { _ in }
    ) async throws -> ChildProcess.End {
        try await onThread("monitor") { [self] in
            try connection.send(packet: request.packet)
            var deadline = timeout.map { ContinuousClock.now + $0 }
            while true {
                if let time = deadline {
                    let left = max(.zero, ContinuousClock.now.duration(to: time))
                    if try Descriptor.waitForInput(of: [connection], timeout: left + .milliseconds(1)) == nil {
                        guard .now >= time else { continue }
                        try connection.send(packet: MonitorRequest.stop.packet)
                        deadline = nil
                        continue
                    }
                }
                switch try receive() {
                case .started(let pid): onStart(pid)
                case .ended(let end):
                    if let timeout, deadline == nil {
                        throw MigrateError(
                            .toolFailed, "the runtime did not end within \(timeout) and was stopped (--timeout)")
                    }
                    return end
                case .failed(let text): throw MigrateError(.toolFailed, text)
                case .done: continue
                }
            }
        }
    }

    /// Reads the output of a running container whose monitor was killed.
    func adopt(_ container: Container, pipes: [UInt64]) async throws {
        try await ask(.adopt(pid: container.pid, pipes: pipes), "read the output of container \(container.id)")
    }

    /// From now on the container's end can be that of a dump. Until `settle`, whatever happens to this process.
    func hold() async throws {
        try await ask(.hold, "hold the log of container \(record.id)")
    }

    /// What was held is decided: the container runs, or has ended, or goes on elsewhere.
    package func settle(isElsewhere: Bool = false) async throws {
        try await ask(.settle(isElsewhere: isElsewhere), "settle the log of container \(record.id)")
    }

    private func ask(_ request: MonitorRequest, _ what: String) async throws {
        try await onThread("monitor") { [self] in try connection.send(packet: request.packet) }
        try await expectDone(what)
    }

    private func expectDone(_ what: String) async throws {
        let reply = try await onThread("monitor") { [self] in
            try Descriptor.waitForInput(of: [connection], timeout: .seconds(15)) == nil ? nil : try receive()
        }
        switch reply {
        case .done: return
        case .failed(let text): throw MigrateError(.toolFailed, "cannot \(what): \(text)")
        default: throw MigrateError(.toolFailed, "cannot \(what): the monitor does not answer")
        }
    }

    private func receive() throws -> MonitorReply {
        guard let packet = try connection.receivePacket(limit: MonitorReply.largest),
            let reply = MonitorReply(packet: packet)
        else { throw MigrateError(.busy, "the monitor of container \(record.id) has died") }
        return reply
    }
}
