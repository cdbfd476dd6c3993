import Glibc
import LinuxSystem

/// Hands signals that this process gets to somebody else, as long as it lives.
final class SignalForwarding: Sendable {
    /// What the signal handler may touch: a plain number that is set before the handler is.
    private nonisolated(unsafe) static var pipe: Int32 = -1
    private let reader: Descriptor
    private let writer: Descriptor

    /// - Parameter receive: called for each, one after another.
    init(of signals: [Int32], _ receive: @escaping @Sendable (Int32) async -> Void) throws {
        (reader, writer) = try Descriptor.pipe()
        Self.pipe = writer.raw
        for number in signals {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(SignalForwarding.pipe, &byte, 1)
                errno = saved
            }
            action.sa_flags = Int32(SA_RESTART)
            sigaction(number, &action, nil)
        }
        let reader = reader
        Task.detached {
            while let number = try? await Self.next(from: reader) { await receive(number) }
        }
    }

    private static func next(from reader: Descriptor) async throws -> Int32? {
        try await onThread("signals") {
            var byte: UInt8 = 0
            let count = try withUnsafeMutableBytes(of: &byte) { try reader.read(into: $0) }
            return count == 1 ? Int32(byte) : nil
        }
    }
}
