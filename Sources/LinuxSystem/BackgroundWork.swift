internal import Synchronization

/// Work on a thread of its own, begun by a thread that has other blocking work to do and waits for it afterwards.
package final class BackgroundWork<Value: Sendable>: Sendable {
    private let ended: (read: Descriptor, write: Descriptor)
    private let result = Mutex<Result<Value, any Error>?>(nil)

    /// Begins at once. Whoever begins it has to `wait`: it is not ended with its last reference.
    package init(_ name: String, _ body: @escaping @Sendable () throws -> Value) throws {
        ended = try Descriptor.pipe()
        Task.detached {
            let value = await Task { try await onThread(name, body) }.result
            self.result.withLock { $0 = value }
            try? self.ended.write.write(all: [0])
        }
    }

    /// Blocks until it is done.
    package func wait() throws -> Value {
        _ = try Descriptor.waitForInput(of: [ended.read])
        return try result.withLock { $0! }.get()
    }
}
