internal import Glibc
internal import Synchronization

/// Jobs that several threads do ahead of one that takes the results in order, each with a buffer that comes with it: at
/// most so many are under way, or done and not yet taken, as there are buffers.
package enum OrderedWork {
    /// Threads beyond the first give way where somebody else wants the processor.
    private static let niceness: Int32 = 5
    private static let buffersPerThread = 4

    /// How many threads are sensible here, counting none where one processor has to do it all.
    package static let threads = {
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        return processors < 2 ? 0 : min(processors, 4)
    }()

    /// Blocks, and begins threads by tasks: to be called on a thread that is none of the concurrency runtime's (`onThread`).
    /// Returns when every job is done and taken; where `take` or a job fails, the rest is left undone and all threads have
    /// ended.
    /// - Parameters:
    ///   - threads: 0 does all of it on the calling thread.
    ///   - work: fills the buffer.
    ///   - take: called on this thread, in the order of the jobs.
    package static func run<Job: Sendable, Result: Sendable>(
        _ jobs: [Job], threads: Int = threads, bufferSize: Int,
        work: @escaping @Sendable (Job, UnsafeMutableRawBufferPointer) throws -> Result,
        take: (Job, Result, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard threads > 0 else {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 4096)
            defer { buffer.deallocate() }
            for job in jobs { try take(job, try work(job, buffer), UnsafeRawBufferPointer(buffer)) }
            return
        }
        let slots = Slots(jobs, count: threads * buffersPerThread, bufferSize: bufferSize, work: work)
        var workers: [BackgroundWork<Void>] = []
        defer {
            slots.stop()
            for worker in workers { try? worker.wait() }
        }
        for index in 0..<threads {
            workers.append(
                try BackgroundWork("read") {
                    // Of this thread alone, on Linux.
                    if index > 0 { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
                    while slots.doNext() {}
                })
        }
        for (index, job) in jobs.enumerated() {
            try slots.take(index) { result, buffer in try take(job, result, buffer) }
        }
    }
}

/// Jobs, and the buffers that go round.
private final class Slots<Job: Sendable, Value: Sendable>: @unchecked Sendable {
    private struct Slot {
        let buffer: UnsafeMutableRawBufferPointer
        let isFull = Semaphore(0)
        var result: Result<Value, any Error>?
    }

    private let jobs: [Job]
    private let work: @Sendable (Job, UnsafeMutableRawBufferPointer) throws -> Value
    /// A slot belongs to the thread that does its job, and when it is full to the one that takes.
    private let slots: UnsafeMutableBufferPointer<Slot>
    private let free: Semaphore
    private let isStopped = Latch()
    /// Slots are taken in order, so whoever has waited for one has the next job's.
    private let next = Mutex(0)

    init(
        _ jobs: [Job], count: Int, bufferSize: Int,
        work: @escaping @Sendable (Job, UnsafeMutableRawBufferPointer) throws -> Value
    ) {
        self.jobs = jobs
        self.work = work
        free = Semaphore(UInt32(count))
        slots = .allocate(capacity: count)
        for index in 0..<count {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 4096)
            slots.initializeElement(at: index, to: Slot(buffer: buffer))
        }
    }

    deinit {
        for slot in slots { slot.buffer.deallocate() }
        slots.deinitialize()
        slots.deallocate()
    }

    /// - Returns: false where none is left.
    func doNext() -> Bool {
        let claimed = next.withLock { next -> Int? in
            free.wait()
            guard next < jobs.count, !isStopped.isRaised else {
                // For the others that wait.
                free.post()
                return nil
            }
            next += 1
            return next - 1
        }
        guard let claimed else { return false }
        let index = claimed % slots.count
        slots[index].result = Result { try work(jobs[claimed], slots[index].buffer) }
        slots[index].isFull.post()
        return true
    }

    func take(_ job: Int, _ body: (Value, UnsafeRawBufferPointer) throws -> Void) throws {
        let index = job % slots.count
        slots[index].isFull.wait()
        try body(try slots[index].result.take()!.get(), UnsafeRawBufferPointer(slots[index].buffer))
        free.post()
    }

    /// Nobody takes any more.
    func stop() {
        isStopped.raise()
        free.post()
    }
}

/// A counter that threads wait for.
final class Semaphore: Sendable {
    private nonisolated(unsafe) let value = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(_ count: UInt32) {
        sem_init(value, 0, count)
    }

    deinit {
        sem_destroy(value)
        value.deallocate()
    }

    func post() { sem_post(value) }

    func wait() {
        // A signal's handler interrupts it.
        while sem_wait(value) != 0 {}
    }
}
