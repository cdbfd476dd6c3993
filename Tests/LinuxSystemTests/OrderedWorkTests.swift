import LinuxSystem
import Synchronization
import Testing

/// On threads of their own, since they block.
@Suite("Jobs done ahead by several threads, taken in order") struct OrderedWorkTests {
    private struct Failure: Error, Equatable {
        var job: Int
    }

    /// What is under way, and how much of it there was at most.
    private final class Load: Sendable {
        let now = Mutex((count: 0, most: 0, begun: 0))

        func begin() {
            now.withLock { now in
                now.count += 1
                now.begun += 1
                now.most = max(now.most, now.count)
            }
        }

        func end() { now.withLock { $0.count -= 1 } }
    }

    @Test("every result is taken once, in order, with its own buffer, and few are ahead", arguments: [0, 1, 2, 4])
    func order(threads: Int) async throws {
        try await onThread("test") {
            let load = Load()
            var taken: [Int] = []
            try OrderedWork.run(Array(0..<500), threads: threads, bufferSize: 64) { job, buffer in
                load.begin()
                buffer.storeBytes(of: job, as: Int.self)
                return job * 2
            } take: { job, result, buffer in
                #expect(result == job * 2 && buffer.load(as: Int.self) == job)
                taken.append(job)
                load.end()
            }
            #expect(taken == Array(0..<500))
            #expect(load.now.withLock { $0.most } <= max(1, threads * 4))
        }
    }

    @Test("a job that fails ends it after those before it; what fails to take one, at once", arguments: [0, 1, 3])
    func failures(threads: Int) async throws {
        try await onThread("test") {
            let load = Load()
            var taken = 0
            #expect(throws: Failure(job: 100)) {
                try OrderedWork.run(Array(0..<10_000), threads: threads, bufferSize: 8) { job, _ in
                    load.begin()
                    if job == 100 { throw Failure(job: job) }
                } take: { _, _, _ in
                    taken += 1
                }
            }
            #expect(taken == 100)
            // All threads have ended: nothing begins any more.
            let begun = load.now.withLock { $0.begun }
            #expect(begun <= 101 + threads * 4)
            #expect(throws: Failure(job: 7)) {
                try OrderedWork.run(Array(0..<10_000), threads: threads, bufferSize: 8) { job, _ in
                    job
                } take: { job, _, _ in
                    if job == 7 { throw Failure(job: job) }
                }
            }
            #expect(load.now.withLock { $0.begun } == begun)
        }
    }

    @Test("no jobs, and fewer than threads", arguments: [0, 1, 2, 3])
    func few(jobs: Int) async throws {
        try await onThread("test") {
            var taken: [Int] = []
            try OrderedWork.run(Array(0..<jobs), threads: 4, bufferSize: 8) { job, _ in
                job
            } take: { job, _, _ in
                taken.append(job)
            }
            #expect(taken == Array(0..<jobs))
        }
    }
}
