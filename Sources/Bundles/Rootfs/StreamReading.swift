internal import LinuxSystem

/// A stream that is read, inflated and checked by threads of its own, from when it is made until `end` or `abandon`.
struct StreamReading: Sendable {
    let stream: TarStream
    /// The plain bytes; the caller has to take one consumer.
    let queue: ChunkQueue
    /// The bytes as they are stored.
    private let stored = ChunkQueue(count: 4, size: 256 << 10)
    private let reading: Task<Void, any Error>
    private let inflating: Task<Void, any Error>
    private let hashing: Task<Void, any Error>?

    init(_ stream: TarStream, _ limits: UnpackLimits, _ cancellation: Cancellation) {
        let stored = stored
        let queue = ChunkQueue(consumers: stream.diffID == nil ? 1 : 2)
        self.stream = stream
        self.queue = queue
        // The errors of both reach the consumers by way of the queues.
        reading = Task {
            try await onThread("read") { stored.produce(Opening(stream, cancellation).read) }
        }
        inflating = Task {
            try await onThread("inflate") {
                queue.produce(Inflater(stream, limits, QueueReader(stored.consumer())).read)
                stored.abandon()
            }
        }
        hashing = stream.diffID.map { diffID in
            Task {
                try await onThread("hash") {
                    let source = queue.consumer()
                    let hasher = DigestHasher(diffID.algorithm)
                    while let bytes = try source.next() { hasher.update(bytes) }
                    try hasher.finish(expecting: diffID, of: "\(stream.name), uncompressed,")
                }
            }
        }
    }

    /// Waits for the threads' ends, after the last byte was taken.
    /// - Throws: `BundleError` if the plain bytes are not what was promised.
    func end() async throws {
        try await reading.value
        try await inflating.value
        try await hashing?.value
    }

    /// Ends the threads, wherever they are, and waits for that. The cancellation has to be cancelled already: they may
    /// wait for input.
    func abandon() async {
        queue.abandon()
        stored.abandon()
        _ = await reading.result
        _ = await inflating.result
        _ = await hashing?.result
    }
}

/// A stored stream as it is, checked. Opens with the first read, on the thread that reads.
private final class Opening: ByteReader {
    private let stream: TarStream
    private let cancellation: Cancellation
    private var opened: VerifyingReader?

    init(_ stream: TarStream, _ cancellation: Cancellation) {
        self.stream = stream
        self.cancellation = cancellation
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let reader = try opened ?? open()
        opened = reader
        return try reader.read(into: buffer)
    }

    private func open() throws -> VerifyingReader {
        VerifyingReader(
            try stream.open(cancellation), stream.blob.digest, size: stream.blob.size, what: stream.name)
    }
}

/// What comes from another thread, as a stream.
private final class QueueReader: ByteReader {
    private let source: ChunkQueue.Consumer
    private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0

    init(_ source: ChunkQueue.Consumer) { self.source = source }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if rest.isEmpty, let next = try source.next() { rest = next }
        let part = rest.prefix(buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        count += part.count
        return part.count
    }
}

/// A stored stream with its compression undone.
private final class Inflater: ByteReader {
    private let stream: TarStream
    private let limits: UnpackLimits
    private let stored: QueueReader
    private var plain: (any ByteReader)?
    private var count = 0

    init(_ stream: TarStream, _ limits: UnpackLimits, _ stored: QueueReader) {
        self.stream = stream
        self.limits = limits
        self.stored = stored
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let plain = try plain ?? decoder()
        self.plain = plain
        let more = try plain.read(into: buffer)
        count += more
        if more == 0 {
            // A decoder may stop before the end of what is stored; its check comes with that.
            while try stored.read(into: buffer) > 0 {}
        } else if count > limits.ratioFrom, count / limits.ratio > stored.count {
            throw BundleError(
                .refused,
                "\(stream.name) inflates to over \(limits.ratio) times its size; --max-ratio allows more")
        }
        return more
    }

    private func decoder() throws -> any ByteReader {
        let peeking = PeekingReader(stored)
        let magic = try peeking.peek(Compression.magicLength)
        if magic.isEmpty { throw BundleError(.badArchive, "\(stream.name) is empty, no archive") }
        return try makeDecoder(Compression(magic: magic), of: peeking, name: stream.name)
    }
}
