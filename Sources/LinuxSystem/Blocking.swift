internal import Glibc
internal import Synchronization

/// Runs asynchronous work from synchronous code, and blocks until it has ended.
///
/// For the main thread only, which the concurrency runtime does not use: one of its own threads that blocks may be the
/// one that the work waits for.
package func blocking<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let answer = Answer<Value>()
    Task.detached {
        do {
            answer.give(.success(try await body()))
        } catch {
            answer.give(.failure(error))
        }
    }
    return try answer.wait().get()
}

/// A result that a thread waits for.
private final class Answer<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private nonisolated(unsafe) let arrived = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(arrived, 0, 0)
    }

    deinit {
        sem_destroy(arrived)
        arrived.deallocate()
    }

    func give(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        sem_post(arrived)
    }

    func wait() -> Result<Value, any Error> {
        // A signal's handler interrupts it.
        while sem_wait(arrived) != 0 {}
        return result.withLock { $0! }
    }
}
