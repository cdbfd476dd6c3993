internal import Glibc
internal import LinuxSystem

/// Writes a file's content at its places, leaving holes where there are only zeros for a while.
final class FileContent {
    /// Shorter runs of zeros are written: a hole costs metadata.
    static let smallestHole = 64 << 10

    private let file: Descriptor
    private var end = 0

    init(_ file: Descriptor) {
        self.file = file
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var start = 0
        var position = 0
        while position + Self.smallestHole <= bytes.count {
            if bytes.isZero(from: position, count: Self.smallestHole) {
                try put(bytes, start..<position, at: offset)
                start = position + Self.smallestHole
            }
            position += Self.smallestHole
        }
        try put(bytes, start..<bytes.count, at: offset)
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, at offset: Int) throws(SystemError) {
        if range.isEmpty { return }
        try file.write(all: UnsafeRawBufferPointer(rebasing: bytes[range]), at: offset + range.lowerBound)
        end = max(end, offset + range.upperBound)
    }

    /// A file may end in a hole, or be nothing else.
    func finish(size: Int) throws(SystemError) {
        if end < size { try file.setSize(size) }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isZero(from start: Int, count: Int) -> Bool {
        let first = baseAddress! + start
        // Equal to itself shifted by one, and zero at the front: all zero.
        return first.loadUnaligned(as: UInt64.self) == 0 && memcmp(first, first + 8, count - 8) == 0
    }
}
