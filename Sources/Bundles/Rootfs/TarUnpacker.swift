internal import Glibc
internal import LinuxSystem

/// One tar stream to unpack: a plain archive, or a layer of an image.
struct TarStream: Sendable {
    /// For messages.
    let name: String
    /// Opens the bytes as they are stored; called on the thread that reads them.
    let open: @Sendable (Cancellation) throws -> any ByteReader
    /// What the stored bytes must come to.
    var blob: (digest: Digest?, size: Int?) = (nil, nil)
    /// What the inflated bytes must come to.
    var diffID: Digest?
}

/// Unpacks tar streams into a rootfs: one thread reads, inflates and checks, another one parses and writes.
struct TarUnpacker: Sendable {
    var limits = UnpackLimits()
    let cancellation: Cancellation
    var owners: RecordedOwners?

    /// How much was unpacked so far, for the limits.
    final class Total: @unchecked Sendable {
        // Used by one unpacking thread after the other.
        fileprivate var bytes = 0
        fileprivate var entries = 0
    }
    let total = Total()

    /// - Parameter layer: whether there are layers below, for an image's layer; `nil` for a plain archive.
    func unpack(_ stream: TarStream, into root: Descriptor, layerWithLower layer: Bool? = nil) async throws {
        let queue = ChunkQueue()
        let cancellation = cancellation
        let limits = limits
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Its errors reach the other side by way of the queue.
            group.addTask {
                try await onThread("inflate") { queue.produce(Inflater(stream, limits, cancellation).read) }
            }
            group.addTask {
                try await onThread("unpack") {
                    do {
                        try write(queue, stream, into: root, layer)
                    } catch {
                        // The other thread may wait for a buffer, or for input.
                        queue.abandon()
                        cancellation.cancel()
                        throw error
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func write(_ queue: ChunkQueue, _ stream: TarStream, into root: Descriptor, _ layer: Bool?) throws {
        try RootfsWriter.ownUmask()
        let writer = try RootfsWriter(
            root: root, subject: stream.name, layer: layer.map { LayerRecord(hasLower: $0) }, owners: owners)
        // With a digest nobody can have cut the end off, and a layer may be empty.
        let reader = TarReader(queue, archive: stream.name, isPlain: stream.diffID == nil)
        while let entry = try reader.next() {
            try cancellation.check()
            try count(entry, stream)
            try writer.add(entry) { try copy(entry, of: reader, to: $0) }
        }
        try writer.finish()
    }

    private func count(_ entry: TarEntry, _ stream: TarStream) throws {
        total.entries += 1
        total.bytes += entry.size
        if total.entries > limits.entries {
            throw BundleError(
                .refused, "\(stream.name) has more than \(limits.entries) entries; --max-entries allows more")
        }
        if total.bytes > limits.bytes {
            throw BundleError(
                .refused, "\(stream.name) unpacks to more than \(limits.bytes) bytes; --max-bytes allows more")
        }
    }

    private func copy(_ entry: TarEntry, of reader: TarReader, to file: Descriptor) throws {
        let content = FileContent(file)
        try reader.readData { offset, bytes in
            try content.write(bytes, at: offset)
            try cancellation.check()
        }
        try content.finish(size: entry.size)
    }
}

/// A stored stream, checked and with its compression undone. Opens with the first read, on the thread that reads.
private final class Inflater: ByteReader {
    private let stream: TarStream
    private let limits: UnpackLimits
    private let cancellation: Cancellation
    private var opened: (stored: VerifyingReader, plain: VerifyingReader)?

    init(_ stream: TarStream, _ limits: UnpackLimits, _ cancellation: Cancellation) {
        self.stream = stream
        self.limits = limits
        self.cancellation = cancellation
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let (stored, plain) = try opened ?? open()
        let count = try plain.read(into: buffer)
        if count == 0 {
            // A decoder may stop before the end of what is stored; its check comes with that.
            while try stored.read(into: buffer) > 0 {}
        } else if plain.count > limits.ratioFrom, plain.count / limits.ratio > stored.count {
            throw BundleError(
                .refused,
                "\(stream.name) inflates to over \(limits.ratio) times its size; --max-ratio allows more")
        }
        return count
    }

    private func open() throws -> (stored: VerifyingReader, plain: VerifyingReader) {
        let peeking = PeekingReader(try stream.open(cancellation))
        let magic = try peeking.peek(Compression.magicLength)
        if magic.isEmpty { throw BundleError(.badArchive, "\(stream.name) is empty, no archive") }
        let stored = VerifyingReader(peeking, stream.blob.digest, size: stream.blob.size, what: stream.name)
        let decoder = try makeDecoder(Compression(magic: magic), of: stored, name: stream.name)
        let plain = VerifyingReader(decoder, stream.diffID, size: nil, what: "\(stream.name), uncompressed,")
        opened = (stored, plain)
        return (stored, plain)
    }
}
