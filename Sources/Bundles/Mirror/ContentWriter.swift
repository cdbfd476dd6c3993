internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Writes the contents of regular files, only what differs, and sees to it that all is on disk in the end.
struct ContentWriter {
    private var files = FileCopy()
    /// Written, and not known to be on disk yet.
    private var unsynced: [Descriptor] = []
    private let buffers = Buffers()

    private static let piece = 1 << 20
    /// What is compared and written at once.
    private static let block = 1 << 16
    private static let mostUnsynced = 64

    private final class Buffers {
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 4096)
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 4096)
        deinit {
            source.deallocate()
            target.deallocate()
        }
    }

    /// Notes a file or folder that was changed.
    mutating func changed(_ file: Descriptor) throws {
        // A descriptor of its own: many folders are closed long before the end.
        if unsynced.count >= Self.mostUnsynced { try sync() }
        unsynced.append(file)
    }

    /// Waits until all is on disk.
    mutating func sync() throws {
        for file in unsynced { blt_start_writeback(file.raw) }
        for file in unsynced { try file.sync() }
        unsynced = []
    }

    /// Fills a new, empty file.
    /// - Returns: bytes written.
    mutating func fill(_ target: Descriptor, from source: Descriptor, _ status: stat) throws -> Int {
        try files.copy(source, to: target, size: Int(status.st_size), blocks: Int(status.st_blocks))
        try changed(target)
        return min(Int(status.st_size), Int(status.st_blocks) * 512)
    }

    /// Gives a file of `size` bytes the content of `source`.
    /// - Returns: bytes written.
    mutating func update(_ target: Descriptor, size: Int, from source: Descriptor, _ status: stat) throws -> Int {
        var written = 0
        let end = Int(status.st_size)
        if size > end {
            try target.setSize(end)
            written += 1
        }
        var offset = 0
        while offset < end {
            // Holes are skipped where the target has one too, or ends before.
            if let data = try source.seek(offset, Int32(BLT_SEEK_DATA)) {
                let clear = min(data, end)
                if clear > offset { written += try clean(target, from: offset, to: clear) }
                offset = clear
            } else {
                written += try clean(target, from: offset, to: end)
                offset = end
            }
            if offset >= end { break }
            let hole = min(try source.seek(offset, Int32(BLT_SEEK_HOLE)) ?? end, end)
            while offset < hole {
                let count = min(Self.piece, hole - offset)
                let got = try compare(source, target, at: offset, count, &written)
                // The file has become shorter meanwhile: it is looked at again.
                if got == 0 { return try finish(target, end, size, written) }
                offset += got
            }
        }
        return try finish(target, end, size, written)
    }

    private mutating func finish(_ target: Descriptor, _ end: Int, _ size: Int, _ written: Int) throws -> Int {
        if size < end { try target.setSize(end) }
        if written > 0 || size < end { try changed(target) }
        return written
    }

    /// Makes a piece of the target the same.
    /// - Returns: how many bytes the source had there.
    private func compare(
        _ source: Descriptor, _ target: Descriptor, at offset: Int, _ count: Int, _ written: inout Int
    ) throws -> Int {
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffers.source[..<count])
        let got = try source.readFully(into: wanted, at: offset)
        let old = try target.readFully(
            into: UnsafeMutableRawBufferPointer(rebasing: buffers.target[..<got]), at: offset)
        var start = 0
        while start < got {
            let end = min(start + Self.block, got)
            if end > old || memcmp(wanted.baseAddress! + start, buffers.target.baseAddress! + start, end - start) != 0 {
                try target.write(all: UnsafeRawBufferPointer(rebasing: wanted[start..<end]), at: offset + start)
                written += end - start
            }
            start = end
        }
        return got
    }

    /// Sets what data the target has in a range to zero: the source has a hole there.
    private func clean(_ target: Descriptor, from start: Int, to end: Int) throws -> Int {
        var written = 0
        var offset = start
        memset(buffers.source.baseAddress!, 0, Self.block)
        while offset < end, let data = try target.seek(offset, Int32(BLT_SEEK_DATA)), data < end {
            let count = min(Self.block, end - data)
            try target.write(all: UnsafeRawBufferPointer(rebasing: buffers.source[..<count]), at: data)
            written += count
            offset = data + count
        }
        return written
    }
}
