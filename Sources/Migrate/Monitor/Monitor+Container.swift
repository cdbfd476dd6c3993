internal import Glibc
internal import LinuxSystem

/// A runtime that the monitor has started, and what becomes of its end.
struct RuntimeJob {
    enum Purpose {
        /// Starts the container; `undo` is for where nobody wants to know any more.
        case start(undo: [String]?)
        case undo
    }

    let pid: Int32
    let purpose: Purpose
    /// Who asked; nil once that has gone.
    var client: Descriptor?
    /// The container's, once it runs.
    let outputs: [MonitorProcess.Output]
    private var killTime: ContinuousClock.Instant?

    init(pid: Int32, purpose: Purpose, client: Descriptor?, outputs: [MonitorProcess.Output]) {
        self.pid = pid
        self.purpose = purpose
        self.client = client
        self.outputs = outputs
    }

    /// Ends the runtime, and all that it has started in its session.
    mutating func stop() {
        kill(-pid, SIGTERM)
        killTime = .now + .seconds(3)
    }

    mutating func killIfDue() {
        guard let time = killTime, time <= .now else { return }
        kill(-pid, SIGKILL)
        killTime = nil
    }

    var millisecondsToKill: Int32? {
        killTime.map { Int32(clamping: max(0, Int64(ContinuousClock.now.duration(to: $0) / .milliseconds(1)) + 1)) }
    }
}

extension MonitorProcess {
    // MARK: Start

    /// Runs the runtime with new pipes. They are read only when the container runs: of a failed start, what the
    /// runtime itself prints there does not get into the log.
    func start(_ arguments: [String], _ environment: [String], undo: [String]?, for client: Descriptor) {
        do {
            guard job == nil else { throw MigrateError(.busy, "the container is being started already") }
            awaitEndOfDump()
            guard container == nil else { throw MigrateError(.wrongState, "the container runs already") }
            try? folder.remove(FileName(ContainerRecord.pidName))
            let null = try Descriptor.open("/dev/null", O_RDWR)
            let pipes = try LogStream.allCases.map { stream in
                let ends = try Descriptor.pipe()
                if let owner = owners[stream] { try ends.write.setOwner(owner.user, owner.group) }
                _ = fcntl(ends.read.raw, F_SETFL, O_NONBLOCK)
                return (stream, ends)
            }
            let pid = try spawn(arguments, environment, [null] + pipes.map(\.1.write))
            job = RuntimeJob(
                pid: pid, purpose: .start(undo: undo), client: client,
                outputs: pipes.map { Output(stream: $0.0, pipe: $0.1.read) })
            try? client.send(packet: MonitorReply.started(pid: pid).packet)
        } catch {
            try? client.send(packet: MonitorReply.failed("\(error)").packet)
        }
    }

    /// A dump ends with a SIGKILL of the container, which may take a moment to be gone.
    private func awaitEndOfDump() {
        guard isHeld, let container else { return }
        let process = container.process
        guard (try? Descriptor.waitForInput(of: [process.descriptor], timeout: .seconds(5))) == 0 else { return }
        if container.isChild { reap() } else { containerEnded(process.endBeforeLong) }
    }

    private func spawn(_ arguments: [String], _ changes: [String], _ descriptors: [Descriptor]) throws -> Int32 {
        let names = changes.map { $0.prefix { $0 != "=" } + "=" }
        let environment = ChildProcess.environment.filter { variable in !names.contains { variable.hasPrefix($0) } }
        return try OutOfMemoryScore.unprotected {
            try ChildProcess.start(
                arguments[0], Array(arguments.dropFirst()), descriptors: descriptors, environment: environment + changes
            )
        }
    }

    private func ended(_ job: RuntimeJob, _ end: ChildProcess.End) {
        self.job = nil
        switch job.purpose {
        case .undo:
            if end == .exited(0) { discards = true }
        case .start(let undo):
            var reply = MonitorReply.ended(end)
            if end == .exited(0) {
                do {
                    try attach(job.outputs)
                } catch {
                    reply = .failed("the runtime does not say which process the container is: \(error)")
                }
            }
            guard (try? job.client?.send(packet: reply.packet)) == nil, container != nil, let undo else { return }
            // The asker has died and will never know of the container.
            guard let null = try? Descriptor.open("/dev/null", O_RDWR),
                let pid = try? spawn(undo, [], [null, null, null])
            else { return }
            self.job = RuntimeJob(pid: pid, purpose: .undo, client: nil, outputs: [])
        }
    }

    /// The container that the runtime has just started.
    private func attach(_ outputs: [Output]) throws {
        let text = try Descriptor.open(ContainerRecord.pidName, O_RDONLY, in: folder).contents(limit: 64)
        guard let pid = Int32(String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace }) else {
            throw SystemError(code: EINVAL, operation: "read", subject: ContainerRecord.pidName)
        }
        drainOutputs()
        self.outputs = outputs
        // It may have ended already; a child can be watched until it is waited for.
        container = (try ProcessHandle(pid), true)
        try began(pid)
    }

    /// Takes over a running container: its pipes are found among its descriptors.
    func adopt(_ pid: Int32, _ pipes: [UInt64]) throws {
        guard container == nil, job == nil else { throw MigrateError(.busy, "the monitor has a container already") }
        container = (try ProcessHandle(pid), false)
        let processes = [pid] + ((try? ContainerProcess.tree(below: pid).map(\.pid)) ?? [])
        for (stream, inode) in zip(LogStream.allCases, pipes) {
            if let pipe = Self.openPipe(inode, of: processes) { outputs.append(Output(stream: stream, pipe: pipe)) }
        }
        try began(pid)
    }

    private static func openPipe(_ inode: UInt64, of processes: [Int32]) -> Descriptor? {
        for pid in processes {
            for name in (try? Files.names(in: "/proc/\(pid)/fd")) ?? []
            where Files.linkTarget("/proc/\(pid)/fd/\(name)") == "pipe:[\(inode)]" {
                if let pipe = try? Descriptor.open("/proc/\(pid)/fd/\(name)", O_RDONLY | O_NONBLOCK) { return pipe }
            }
        }
        return nil
    }

    private func began(_ pid: Int32) throws {
        discards = false
        isHeld = false
        goesElsewhere = false
        state = MonitorState(monitor: getpid(), limits: state.limits)
        state.container = pid
        state.pipes = outputs.map { (try? $0.pipe.status().st_ino).map(UInt64.init) ?? 0 }
        writeState()
    }

    // MARK: End

    func reap() {
        if let job, let end = try? ChildProcess.end(of: job.pid) { ended(job, end) }
        if let container, container.isChild, let end = try? ChildProcess.end(of: container.process.pid) {
            containerEnded(end)
        }
        // While a runtime is at work, an orphan may be the container that it is about to name.
        guard job == nil else { return }
        while let (pid, end) = ChildProcess.anyEnd() {
            if pid == container?.process.pid { containerEnded(end) }
        }
    }

    func containerEnded(_ end: ChildProcess.End?) {
        drainOutputs()
        log.finish()
        container = nil
        // Where nobody says how it has ended, a dump is the likelier reason.
        if isHeld, end == .killed(signal: SIGKILL) || end == nil {
            state.status = goesElsewhere ? .moved : .moving
            state.container = nil
            state.pipes = []
        } else {
            state.setEnd(end)
        }
        writeState()
    }

    func settle(isElsewhere: Bool) {
        isHeld = isElsewhere
        goesElsewhere = isElsewhere
        guard state.status == .moving else { return }
        if isElsewhere { state.status = .moved } else { state.setEnd(.killed(signal: SIGKILL)) }
        writeState()
    }

    private func writeState() {
        if (try? ContainerRecord.write(state, in: folder)) != nil { return }
        // A full disk takes no new file, and overwrites an old one.
        guard let file = try? Descriptor.open(ContainerRecord.stateName, O_WRONLY, in: folder) else { return }
        try? file.write(all: state.json)
        try? file.setSize(state.json.count)
    }
}
