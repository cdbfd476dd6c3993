internal import Glibc
internal import LinuxSystem

/// A regular file as chunks, by place: what is skipped is not read.
final class FileChunks: ChunkSource {
    private let file: Descriptor
    private var position = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 64)

    init(_ file: Descriptor) {
        self.file = file
    }

    deinit { buffer.deallocate() }

    func next() throws -> UnsafeRawBufferPointer? {
        let count = try file.read(into: buffer, at: position)
        position += count
        return count == 0 ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    func skip(_ count: Int) throws -> Int {
        let size = Int(try file.status().st_size)
        let skipped = min(count, max(0, size - position))
        position += skipped
        return skipped
    }
}
