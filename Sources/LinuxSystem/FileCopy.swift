internal import CLinux
internal import Glibc

/// Copies one regular file's content to an empty one: extents shared where the file system can, else copied by the
/// kernel with the holes kept, else through a buffer.
package struct FileCopy: Sendable {
    /// Set once a copy showed that it cannot be had between these two file systems.
    private var noReflink = false
    private var noCopyRange = false

    package init() {}

    package mutating func copy(_ source: Descriptor, to target: Descriptor, size: Int, blocks: Int) throws(SystemError)
    {
        if size == 0 { return }
        if !noReflink {
            if try target.reflink(from: source) { return }
            noReflink = true
        }
        // Fewer blocks than bytes: there are holes.
        if blocks * 512 >= size {
            try copyRange(source, to: target, from: 0, count: size)
            return
        }
        var offset = 0
        while offset < size, let data = try source.seek(offset, Int32(BLT_SEEK_DATA)), data < size {
            let hole = min(try source.seek(data, Int32(BLT_SEEK_HOLE)) ?? size, size)
            try copyRange(source, to: target, from: data, count: hole - data)
            offset = hole
        }
        try target.setSize(size)
    }

    private mutating func copyRange(
        _ source: Descriptor, to target: Descriptor, from start: Int, count: Int
    ) throws(SystemError) {
        if !noCopyRange {
            var done = 0
            while done < count {
                let copied = blt_copy_file_range(source.raw, target.raw, Int64(start + done), count - done)
                if copied > 0 {
                    done += copied
                    continue
                }
                if copied == 0 { return }
                if errno == EINTR { continue }
                if done == 0, [EXDEV, EOPNOTSUPP, ENOSYS, EINVAL].contains(errno) { break }
                throw SystemError.last("copy", "a file")
            }
            if done > 0 { return }
            noCopyRange = true
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 256 << 10), alignment: 64)
        defer { buffer.deallocate() }
        var offset = start
        while offset < start + count {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, start + count - offset)])
            let got = try source.read(into: piece, at: offset)
            if got == 0 { return }
            try target.write(all: UnsafeRawBufferPointer(rebasing: piece[..<got]), at: offset)
            offset += got
        }
    }
}
