internal import Glibc
internal import LinuxSystem

/// Processes of a container that are held by tracing them. To be used on one thread.
final class TracedProcesses {
    struct Thread {
        let traced: TracedThread
        let pid: Int32
        /// Where it stands: nil until that is known.
        var stop: TracedThread.Event?
        /// Whether the signal that it stands at is nobody's, and shall not reach it.
        var dropsSignal = false
    }

    private(set) var threads: [Thread] = []
    private var known: Set<Int32> = []

    /// Lets go of them.
    deinit { release() }

    /// Begins to hold those threads of `processes` that are not held yet.
    /// - Returns: whether there are any.
    func seize(_ processes: [Int32]) throws(SystemError) -> Bool {
        let before = threads.count
        for pid in processes {
            for tid in (try? Files.names(in: "/proc/\(pid)/task"))?.compactMap({ Int32($0) }) ?? []
            where !known.contains(tid) {
                do {
                    let thread = try TracedThread(seizing: tid)
                    threads.append(Thread(traced: thread, pid: pid))
                    known.insert(tid)
                    try thread.interrupt()
                } catch {
                    // One that has ended: also a first thread whose others go on.
                    if error.code == ESRCH || !ContainerProcess.isAlive(tid) { continue }
                    throw error
                }
            }
        }
        return threads.count > before
    }

    /// Waits until each of them stands.
    /// - Parameter delivers: whether a signal that comes first is given to the thread, as CRIU does; otherwise it stands
    ///   at the signal.
    func waitUntilStopped(until deadline: ContinuousClock.Instant, delivers: Bool) throws(SystemError) {
        for index in threads.indices where threads[index].stop == nil {
            let thread = threads[index].traced
            while threads[index].stop == nil {
                guard let event = try thread.wait(until: deadline) else {
                    throw SystemError(code: ETIMEDOUT, operation: "stop", subject: "thread \(thread.tid)")
                }
                if delivers, case .signal(let signal) = event {
                    try thread.continue(with: signal)
                } else {
                    threads[index].stop = event
                }
            }
        }
        threads.removeAll { $0.stop == .ended }
    }

    /// Changes how those threads of a process that stand go on.
    func update(pid: Int32, _ body: (inout Thread) throws -> Void) rethrows {
        for index in threads.indices where threads[index].pid == pid { try body(&threads[index]) }
    }

    /// Lets all of them go on.
    func release() {
        for thread in threads {
            if thread.stop == nil { _ = try? thread.traced.wait(until: .now + .milliseconds(100)) }
            var signal: Int32 = 0
            if case .signal(let number) = thread.stop, !thread.dropsSignal { signal = number }
            try? thread.traced.detach(with: signal)
        }
        threads = []
    }
}
