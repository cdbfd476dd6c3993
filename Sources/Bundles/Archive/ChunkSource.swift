/// Where bytes come from, a chunk at a time.
protocol ChunkSource: AnyObject {
    /// The next bytes, valid until the next call; `nil` at the end. Never empty.
    func next() throws -> UnsafeRawBufferPointer?
    /// Leaves out up to `count` bytes, and returns how many: a source that must read them anyway leaves out none.
    func skip(_ count: Int) throws -> Int
}

extension ChunkSource {
    func skip(_ count: Int) throws -> Int { 0 }
}

/// Bytes in memory, for tests and small inputs.
final class MemoryChunks: ChunkSource {
    private let bytes: UnsafeMutableRawBufferPointer
    private let step: Int
    private var position = 0

    init(_ bytes: [UInt8], step: Int = 64 << 10) {
        self.bytes = .allocate(byteCount: bytes.count, alignment: 16)
        self.bytes.copyBytes(from: bytes)
        self.step = step
    }

    deinit { bytes.deallocate() }

    func next() -> UnsafeRawBufferPointer? {
        if position == bytes.count { return nil }
        let end = min(position + step, bytes.count)
        defer { position = end }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
    }
}

/// Reads a chunk source as a stream: exact counts, skipping, and data without copying it.
struct ChunkCursor {
    private let source: any ChunkSource
    private var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private var position = 0
    /// How many bytes were taken so far.
    private(set) var offset = 0

    init(_ source: any ChunkSource) {
        self.source = source
    }

    /// The next bytes as they lie in the chunk, at most `limit`; empty at the end. Valid until the next call.
    mutating func some(limit: Int) throws -> UnsafeRawBufferPointer {
        if position == chunk.count {
            guard let next = try source.next() else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            chunk = next
            position = 0
        }
        let count = min(limit, chunk.count - position)
        defer {
            position += count
            offset += count
        }
        return UnsafeRawBufferPointer(rebasing: chunk[position..<position + count])
    }

    /// Calls `body` with exactly `count` bytes in one piece; with fewer only at the stream's end.
    mutating func exactly<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        let first = try some(limit: count)
        if first.count == count { return try body(first) }
        var whole = Array(first)
        while whole.count < count {
            let more = try some(limit: count - whole.count)
            if more.isEmpty { break }
            whole.append(contentsOf: more)
        }
        return try whole.withUnsafeBytes(body)
    }

    /// - Returns: false if the stream ended before.
    mutating func skip(_ count: Int) throws -> Bool {
        var left = count
        while left > 0 {
            if position == chunk.count {
                let skipped = try source.skip(left)
                offset += skipped
                left -= skipped
                if left == 0 { break }
            }
            let piece = try some(limit: left)
            if piece.isEmpty { return false }
            left -= piece.count
        }
        return true
    }
}
