internal import CLinux
package import Glibc

/// An open file descriptor, closed with its last reference.
///
/// Every method keeps the descriptor alive for the length of the call; `raw` alone does not.
package final class Descriptor: Sendable {
    package let raw: Int32

    /// Takes over `raw`, which nobody else may close.
    package init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        // Data that must be on disk is synced before; close has nothing left to say that could be acted on.
        _ = Glibc.close(raw)
    }

    /// Opens `path`, relative to `directory` where one is given. The descriptor is not inherited by child processes.
    package static func open(
        _ path: String, _ flags: Int32, mode: UInt32 = 0, in directory: Descriptor? = nil
    ) throws(SystemError) -> Descriptor {
        let raw = try retrying("open", path) {
            Glibc.openat(directory?.raw ?? AT_FDCWD, path, flags | O_CLOEXEC, mode)
        }
        return Descriptor(owning: raw)
    }

    /// Opens `path` below this directory as if it were the root: neither `..` nor a symlink, absolute or not, leads
    /// out of it (openat2(2), `RESOLVE_IN_ROOT`).
    package func openInRoot(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        let resolve = UInt64(BLT_RESOLVE_IN_ROOT | BLT_RESOLVE_NO_MAGICLINKS)
        let raw = try retrying("open", path) {
            // The kernel answers EAGAIN when a rename elsewhere made its check inconclusive.
            var result: Int32
            repeat {
                result = blt_openat2(
                    self.raw, path, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), UInt64(mode), resolve)
            } while result < 0 && errno == EAGAIN
            return result
        }
        return Descriptor(owning: raw)
    }

    /// As `openInRoot`, of whatever kind the file is, and without opening it: its status can be read, and it can be
    /// `reopened`.
    package func findInRoot(_ path: String) throws(SystemError) -> Descriptor {
        try openInRoot(path, Int32(BLT_O_PATH))
    }

    /// The same file, opened anew.
    package func reopened(_ flags: Int32) throws(SystemError) -> Descriptor {
        try Descriptor.open("/proc/self/fd/\(raw)", flags)
    }

    package func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("duplicate a descriptor") { fcntl(raw, F_DUPFD_CLOEXEC, 3) })
    }

    package func status() throws(SystemError) -> stat {
        var result = stat()
        try retrying("read the status of", "an open file") { fstat(raw, &result) }
        return result
    }
}

extension Descriptor {
    /// Reads up to `buffer.count` bytes; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try retrying("read") { Glibc.read(raw, buffer.baseAddress, buffer.count) }
    }

    /// Reads until `buffer` is full or the stream ends, and returns how many bytes there were.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try retrying("read") { Glibc.pread(raw, buffer.baseAddress, buffer.count, offset) }
    }

    /// Reads from `offset` until `buffer` is full or the file ends, and returns how many bytes there were.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try read(into: rest, at: offset + filled)
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    package func write(all buffer: UnsafeRawBufferPointer) throws(SystemError) {
        var written = 0
        while written < buffer.count {
            written += try retrying("write") {
                Glibc.write(raw, buffer.baseAddress! + written, buffer.count - written)
            }
        }
    }

    package func write(all bytes: [UInt8]) throws(SystemError) {
        do {
            try bytes.withUnsafeBytes { try self.write(all: $0) }
        } catch let error as SystemError {
            throw error
        } catch {
            preconditionFailure("write(all:) throws SystemError only")
        }
    }

    /// The whole file, refused with EFBIG where it is larger than `limit` bytes.
    package func contents(limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = try read(into: chunk)
            if count == 0 { return bytes }
            if bytes.count + count > limit { throw SystemError(code: EFBIG, operation: "read") }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }
}
