import Glibc
import LinuxSystem

/// Whole inputs and outputs of a command.
enum StandardStreams {
    static func read(limit: Int) throws -> [UInt8] {
        try descriptor(STDIN_FILENO).contents(limit: limit)
    }

    static func write(_ bytes: [UInt8], to stream: Int32 = STDOUT_FILENO) throws {
        try descriptor(stream).write(all: bytes)
    }

    /// A duplicate, so that the stream itself stays open.
    private static func descriptor(_ stream: Int32) throws -> Descriptor {
        Descriptor(owning: try retrying("use", "standard stream \(stream)") { fcntl(stream, F_DUPFD_CLOEXEC, 3) })
    }
}
