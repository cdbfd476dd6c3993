internal import CLinux
internal import Glibc

/// Runs `body` on a thread of its own and awaits it.
///
/// For work that blocks in system calls: on the concurrency runtime's few threads it would hold up everything else.
/// A write to a pipe or socket that nobody reads fails with EPIPE there; the process gets no signal.
/// - Parameter name: shown by `ps -L`; the kernel keeps its first 15 bytes.
package func onThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        ThreadWork(body, continuation).start(name: name)
    }
}

/// What a thread does, without its types: a C function starts it.
private class AnyThreadWork {
    func run() {}

    final func start(name: String) {
        let work = Unmanaged.passRetained(self)
        self.name = name
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                let work = Unmanaged<AnyThreadWork>.fromOpaque(argument!).takeRetainedValue()
                blt_begin_thread(String(work.name.prefix(15)))
                work.run()
                return nil
            }, work.toOpaque())
        precondition(result == 0, "no thread could be started: \(String(cString: strerror(result)))")
        pthread_detach(thread)
    }

    private var name = ""
}

private final class ThreadWork<Value: Sendable>: AnyThreadWork {
    private var body: (@Sendable () throws -> Value)?
    private let continuation: CheckedContinuation<Value, any Error>

    init(_ body: @escaping @Sendable () throws -> Value, _ continuation: CheckedContinuation<Value, any Error>) {
        self.body = body
        self.continuation = continuation
    }

    override func run() {
        let result = takeResult()
        continuation.resume(with: result)
    }

    /// What `body` holds, locks for example, is released before the awaiting task goes on.
    private func takeResult() -> Result<Value, any Error> {
        let body = self.body.take()
        return Result { try body!() }
    }
}
