import Glibc
import LinuxSystem
import Synchronization

/// A second client on a connection of its own, to which the server sends something every 5 ms: it sees a silence to a
/// few milliseconds, where packets that are a second apart show seconds.
final class TickProbe: Sendable {
    private static let request =
        "GET /ticks?interval_ms=5&count=100000000 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

    /// A silence: when it began, and how long it was, in seconds since `start`.
    struct Silence: Sendable {
        var start = 0.0
        var length = 0.0
    }

    private let connection: Descriptor
    private let start: ContinuousClock.Instant
    private let longestSilence = Mutex(Silence())
    private let isStopped = Mutex(false)

    /// Connects to a server on 127.0.0.1.
    init(port: UInt16, start: ContinuousClock.Instant) throws {
        self.start = start
        connection = try Descriptor.connectToLoopback(port: port)
        try connection.write(all: Array(Self.request.utf8))
    }

    /// The longest silence so far.
    var longest: Silence { longestSilence.withLock { $0 } }

    /// Ends `run`.
    func stop() {
        isStopped.withLock { $0 = true }
        connection.shutDown()
    }

    /// Listens until `stop`, until the task is cancelled, or until the server ends the connection.
    func run() async throws {
        try await withTaskCancellationHandler {
            do {
                try await onThread("ticks") { try self.listen() }
            } catch  where isStopped.withLock({ $0 }) {
                // The kernel resets a connection that was shut down here when the next tick arrives.
            }
        } onCancel: {
            stop()
        }
    }

    private func listen() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        guard try connection.read(into: buffer) > 0 else { return }
        var last = ContinuousClock.now
        while try connection.read(into: buffer) > 0 {
            let now = ContinuousClock.now
            let silence = Silence(start: (last - start) / .seconds(1), length: (now - last) / .seconds(1))
            longestSilence.withLock { if silence.length > $0.length { $0 = silence } }
            last = now
        }
    }
}
