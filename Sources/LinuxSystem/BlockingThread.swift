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
        startThread(name) { continuation.resume(with: Result { try body() }) }
    }
}

private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread, nil,
        { argument in
            let start = Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
            blt_begin_thread(String(start.name.prefix(15)))
            start.body()
            return nil
        }, start.toOpaque())
    precondition(result == 0, "no thread could be started: \(String(cString: strerror(result)))")
    pthread_detach(thread)
}
