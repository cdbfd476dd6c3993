internal import Glibc
internal import LinuxSystem

/// The process that stays beside a container: the parent of its init process, and the reader of its output.
///
/// One thread and one buffer; it lives as long as its container. Who starts or moves the container asks it by way of a
/// socket to run the runtime: so the container is its child, whoever asked, and it hears how the container ends.
package enum Monitor {
    /// The first word of the command line that starts it: `monitor ID FOLDER FILESIZE FILES MODE`, with a connection on
    /// descriptor 3. Not for users.
    package static let command = "monitor"

    /// What it does with what is there under the container's id.
    enum Mode: String {
        /// A new container: the log begins anew.
        case run
        /// A container that comes from a dump: its log goes on, unless another container has left it.
        case restore
        /// A running container whose monitor was killed.
        case adopt
    }

    /// Runs the monitor to its end, and returns the exit status.
    package static func main(_ words: [String]) -> Int32 {
        guard words.count == 6, let size = Int(words[3]), let files = Int(words[4]), let mode = Mode(rawValue: words[5])
        else { return 2 }
        let limits = LogLimits(fileSize: size, files: files)
        let client = Descriptor(owning: 3)
        guard fcntl(client.raw, F_SETFD, FD_CLOEXEC) == 0 else { return 2 }
        // Its end would be the end of whatever the container writes next: it goes when the container goes. A full disk
        // and a limit of file sizes are errors of a write.
        for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        do {
            try Daemon.detach()
            _ = chdir("/")
            let process = try MonitorProcess(path: words[2], limits: limits, mode: mode, client: client)
            // Where nobody hears it, there is nothing to do but to tidy up.
            try? client.send(packet: MonitorReply.done.packet)
            process.run()
            return 0
        } catch {
            // Only where they are empty.
            rmdir(words[2])
            rmdir(ContainerRecord.parent(of: words[2]))
            try? client.send(packet: MonitorReply.failed("\(error)").packet)
            return 1
        }
    }
}

/// The monitor's work: a loop around poll(2).
final class MonitorProcess {
    struct Output {
        let stream: LogStream
        let pipe: Descriptor
    }

    let path: String
    let folder: Descriptor
    let log: LogWriter
    private let children: Descriptor
    private let listener: Descriptor
    private var connections: [Descriptor]

    var state: MonitorState
    /// The container's init process, and whether it is a child of this process.
    var container: (process: ProcessHandle, isChild: Bool)?
    /// Where the running container's output comes from.
    var outputs: [Output] = []
    /// Whose the pipes were: the container's user may open them by name.
    var owners: [LogStream: (user: uid_t, group: gid_t)] = [:]
    var job: RuntimeJob?
    /// Whether a SIGKILL of the container can be the end of a dump, and whether it then goes on elsewhere.
    var isHeld = false
    var goesElsewhere = false
    /// Whether nothing worth keeping is in the folder.
    var discards: Bool

    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 4096)

    init(path: String, limits: LogLimits, mode: Monitor.Mode, client: Descriptor) throws {
        self.path = path
        try Self.makeFolders(path)
        folder = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try Self.claim(folder, path, tries: mode == .adopt ? 1 : 1000)
        let name = ContainerRecord.stateName
        let old = (try? Descriptor.open(name, O_RDONLY, in: folder).contents(limit: 1 << 16))
            .flatMap { MonitorState(json: $0) }
        discards = mode == .run || (mode == .restore && (old == nil || old?.status == .exited))
        if discards { try folder.removeContents() }
        state = MonitorState(monitor: getpid(), limits: limits)
        try? folder.remove(FileName(ContainerRecord.socketName))
        listener = try folder.listenForPackets(ContainerRecord.socketName)
        children = try Daemon.childSignals()
        try Daemon.adoptOrphans()
        log = LogWriter(folder: folder, limits: limits)
        connections = [client]
        OutOfMemoryScore.protect()
    }

    deinit { chunk.deallocate() }

    private static func makeFolders(_ path: String) throws {
        var parent = ""
        let names = path.split(separator: "/").map(String.init)
        for (index, name) in names.enumerated() {
            parent += "/\(name)"
            guard mkdir(parent, index == names.count - 1 ? 0o700 : 0o755) != 0, errno != EEXIST else { continue }
            throw SystemError.last("make the folder", parent)
        }
    }

    /// A monitor of a container that has just ended may still be at its last lines; who finds another one beside a
    /// running container has come second.
    private static func claim(_ folder: Descriptor, _ path: String, tries: Int) throws {
        for _ in 0..<tries {
            if try folder.tryLock() { return }
            usleep(5000)
        }
        throw SystemError(code: EBUSY, operation: "take over the log in", subject: path)
    }

    /// Until the container has ended and nobody asks for anything any more.
    func run() {
        while container != nil || job != nil || !connections.isEmpty { step() }
        for name in [ContainerRecord.socketName, ContainerRecord.pidName] { try? folder.remove(FileName(name)) }
        if discards {
            try? folder.removeContents()
            rmdir(path)
            rmdir(ContainerRecord.parent(of: path))
        }
    }

    private func step() {
        let foreign = container.flatMap { $0.isChild ? nil : $0.process.descriptor }
        let watched = [children, listener] + connections + outputs.map(\.pipe) + (foreign.map { [$0] } ?? [])
        var polled = watched.map { pollfd(fd: $0.raw, events: Int16(POLLIN), revents: 0) }
        let count = poll(&polled, nfds_t(polled.count), job?.millisecondsToKill ?? -1)
        job?.killIfDue()
        guard count > 0 else { return }
        for (descriptor, result) in zip(watched, polled) where result.revents != 0 {
            if descriptor === children {
                var signals = [UInt8](repeating: 0, count: 128)
                while Glibc.read(children.raw, &signals, signals.count) > 0 {}
                reap()
            } else if descriptor === listener {
                if let connection = listener.acceptPackets() { connections.append(connection) }
            } else if descriptor === foreign {
                guard let process = container?.process, process.descriptor === descriptor else { continue }
                containerEnded(process.endBeforeLong)
            } else if connections.contains(where: { $0 === descriptor }) {
                serve(descriptor)
            } else if let output = outputs.first(where: { $0.pipe === descriptor }), read(output) == .end {
                outputs.removeAll { $0.pipe === descriptor }
            }
        }
    }

    // MARK: Output

    enum Reading { case some, nothing, end }

    private func read(_ output: Output) -> Reading {
        let count = Glibc.read(output.pipe.raw, chunk.baseAddress, chunk.count)
        if count > 0 {
            log.write(UnsafeRawBufferPointer(rebasing: chunk[..<count]), from: output.stream)
            return .some
        }
        return count == 0 || (errno != EAGAIN && errno != EINTR) ? .end : .nothing
    }

    /// Reads all that is in the pipes of a container that has ended, and closes them.
    func drainOutputs() {
        for output in outputs {
            if let status = try? output.pipe.status() { owners[output.stream] = (status.st_uid, status.st_gid) }
            while read(output) == .some {}
        }
        outputs = []
    }

    // MARK: Requests

    private func serve(_ connection: Descriptor) {
        guard let packet = try? connection.receivePacket(limit: MonitorRequest.largest) else {
            connections.removeAll { $0 === connection }
            if job?.client === connection { job?.client = nil }
            return
        }
        switch MonitorRequest(packet: packet) {
        case .run(let arguments, let undo): start(arguments, [], undo: undo, for: connection)
        case .restore(let arguments, let environment): start(arguments, environment, undo: nil, for: connection)
        case .stop: job?.stop()
        case .adopt(let pid, let pipes): answer(connection) { try adopt(pid, pipes) }
        case .hold:
            isHeld = true
            goesElsewhere = false
            answer(connection) {}
        case .settle(let isElsewhere):
            settle(isElsewhere: isElsewhere)
            answer(connection) {}
        case nil: answer(connection) { throw MigrateError(.malformed, "the monitor does not know this request") }
        }
    }

    private func answer(_ connection: Descriptor, _ body: () throws -> Void) {
        do {
            try body()
            try? connection.send(packet: MonitorReply.done.packet)
        } catch {
            try? connection.send(packet: MonitorReply.failed("\(error)").packet)
        }
    }
}

/// How willingly the kernel ends a process where memory is short. The monitor's death would end what its container can
/// write, and free nearly nothing.
enum OutOfMemoryScore {
    private static let file = "/proc/self/oom_score_adj"
    private static let own = Files.text(of: file, limit: 64) ?? "0"

    static func protect() {
        _ = own
        try? Files.write(Array("-1000".utf8), to: file)
    }

    /// Runs `body` with the score that the user's processes have: children inherit it.
    static func unprotected<Value>(_ body: () throws -> Value) rethrows -> Value {
        try? Files.write(Array(own.utf8), to: file)
        defer { protect() }
        return try body()
    }
}

extension ProcessHandle {
    /// How it has ended; its parent may take a moment to wait for it, and until then nobody is told.
    var endBeforeLong: ChildProcess.End? {
        for _ in 0..<50 {
            do {
                if let end = try end() { return end }
            } catch {
                return nil
            }
            usleep(10_000)
        }
        return nil
    }
}
