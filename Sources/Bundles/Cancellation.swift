internal import Synchronization

/// Lets a task's cancellation reach the threads that work for it.
final class Cancellation: Sendable {
    private let cancelled = Atomic(false)

    func check() throws {
        if cancelled.load(ordering: .relaxed) { throw BundleError(.interrupted, "interrupted; nothing was left behind") }
    }

    /// Runs `body`, whose threads call `check`; it throws once the current task is cancelled.
    static func scope<Value: Sendable>(_ body: (Cancellation) async throws -> Value) async throws -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await body(cancellation)
        } onCancel: {
            cancellation.cancelled.store(true, ordering: .relaxed)
        }
    }
}
