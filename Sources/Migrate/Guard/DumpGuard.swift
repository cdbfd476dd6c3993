internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Sees to it that a container survives the death of a CRIU that is at work in its processes.
///
/// It notes how they are before CRIU looks, and traces CRIU. One that is killed then stands still before it lets go of
/// what it traces: time to freeze the container, and to put its threads back before one of them can run.
///
/// What is left: a breakpoint that a process runs into when CRIU is already gone is that process's death, by the kernel's
/// rules, unless it is the first process of a PID namespace.
final class DumpGuard: Sendable {
    private let root: Int32
    private let freezer: ContainerFreezer
    private enum State { case armed, disarmed, rescuing }
    private let state = Mutex(State.armed)
    private let work = Mutex<BackgroundWork<Int>?>(nil)

    /// - Parameters:
    ///   - root: the container's first process.
    ///   - freezer: its cgroup's.
    init(root: Int32, freezer: ContainerFreezer) {
        self.root = root
        self.freezer = freezer
    }

    /// Notes how the container's processes are, and leaves them frozen.
    /// - Parameter criu: the CRIU that is going to dump them, and waits meanwhile.
    /// - Returns: when they were stopped, since the epoch; nil where they run on, and nobody guards them: they do not come
    ///   to a stop, or are another processor's.
    func begin(criu: Int32) throws -> Duration? {
        // Where memory is short, it shall not be the container that pays for it.
        try? Files.write(Array("-1000".utf8), to: "/proc/\(criu)/oom_score_adj")
        #if arch(x86_64)
            let frozen = try Descriptor.pipe()
            let time = Mutex<Duration?>(nil)
            let guarding = try BackgroundWork("guard") { [self] in
                let start = Files.now()
                let snapshot: ContainerSnapshot
                let tracedCRIU: TracedThread
                do {
                    defer { try? frozen.write.write(all: [0]) }
                    guard let taken = try? ContainerSnapshot.take(below: root, freezing: freezer) else { return 0 }
                    snapshot = taken
                    time.withLock { $0 = start }
                    tracedCRIU = try TracedThread(seizing: criu, stopsAtExit: true)
                }
                return try watch(tracedCRIU, snapshot)
            }
            work.withLock { $0 = guarding }
            _ = try Descriptor.waitForInput(of: [frozen.read])
            return time.withLock { $0 }
        #else
            return nil
        #endif
    }

    /// CRIU has left the processes as it has found them: from now on they are left alone.
    /// - Throws: where it was killed before.
    func disarm() throws {
        let isKilled = state.withLock { state in
            if state == .armed { state = .disarmed }
            return state == .rescuing
        }
        if isKilled { throw MigrateError(.toolFailed, "CRIU was killed when it had dumped the processes") }
    }

    /// Waits until CRIU has ended.
    /// - Returns: how many threads had to be put back.
    @discardableResult
    func finish() throws -> Int {
        try work.withLock { $0 }?.wait() ?? 0
    }

    private func watch(_ criu: TracedThread, _ snapshot: ContainerSnapshot) throws -> Int {
        var changed = 0
        while true {
            // One that is killed where it stands cannot be resumed, and comes to its exit.
            switch try criu.wait() {
            case .ended: return changed
            case .stopped: try? criu.listen()
            case .signal(let signal): try? criu.continue(with: signal)
            case .systemCall: try? criu.continue()
            case .exiting(let status):
                // One that ends by itself has cleaned up behind itself.
                if status & 0x7f != 0, mayRescue() {
                    changed = try rescue(from: criu, snapshot)
                } else {
                    try criu.continue()
                }
            }
        }
    }

    private func mayRescue() -> Bool {
        state.withLock { state in
            if state == .armed { state = .rescuing }
            return state == .rescuing
        }
    }

    /// CRIU stands at its end, and still traces the container's threads.
    private func rescue(from criu: TracedThread, _ snapshot: ContainerSnapshot) throws -> Int {
        // They must not run when it lets them go.
        try? freezer.freeze(until: .now + .seconds(1))
        try criu.continue()
        // As long as it is a zombie, nobody else takes it for gone, and thaws the container.
        _ = blt_trace_await_end(criu.tid)
        return try snapshot.restore(thawing: freezer)
    }
}
