internal import LinuxSystem
internal import Synchronization

/// Lets a task's cancellation, or the failure of one of an operation's threads, reach the others.
final class Cancellation: Sendable {
    private let cancelled = Atomic(false)
    /// Readable once the operation is to end: wakes threads that wait for input.
    private let wake: (read: Descriptor, write: Descriptor)

    private init() throws {
        wake = try Descriptor.pipe()
    }

    func check() throws {
        if cancelled.load(ordering: .relaxed) { throw Self.interrupted }
    }

    func cancel() {
        cancelled.store(true, ordering: .relaxed)
        try? wake.write.write(all: [1])
    }

    /// Waits until `file` has something to read, or the operation is to end.
    func waitToRead(_ file: Descriptor) throws {
        if try Descriptor.waitForInput(of: [wake.read, file]) == 0 { throw Self.interrupted }
    }

    /// Waits, unless the operation is to end.
    func pause(milliseconds: Int) throws {
        let waited = try Descriptor.waitForInput(of: [wake.read], timeout: .milliseconds(milliseconds))
        if waited != nil { throw Self.interrupted }
    }

    static var interrupted: BundleError { BundleError(.interrupted, "interrupted; nothing was left behind") }

    /// For short work that nobody cancels.
    static func uncancelled<Value>(_ body: (Cancellation) throws -> Value) throws -> Value {
        try body(Cancellation())
    }

    /// Runs `body`, whose threads call `check`; it throws once the current task is cancelled.
    static func scope<Value: Sendable>(_ body: (Cancellation) async throws -> Value) async throws -> Value {
        let cancellation = try Cancellation()
        return try await withTaskCancellationHandler {
            try await body(cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }
}
