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

/// Unpacks tar streams into a rootfs, with a thread for each step: one reads and checks what is stored, one inflates,
/// one hashes what that gives, one parses and writes. The next stream is inflated ahead, as far as its buffers go.
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

    /// Unpacks an image's layers, the lowest one first.
    func unpack(layers: [TarStream], into root: Descriptor) async throws {
        var begun: [StreamReading] = []
        do {
            for number in layers.indices {
                for next in layers.indices.prefix(number + 2).dropFirst(begun.count) {
                    begun.append(StreamReading(layers[next], limits, cancellation))
                }
                try await unpack(begun[number], into: root, layerWithLower: number > 0)
            }
        } catch {
            // The other threads may wait for a buffer, or for input.
            cancellation.cancel()
            for reading in begun { await reading.abandon() }
            throw error
        }
    }

    /// - Parameter layer: whether there are layers below, for an image's layer; `nil` for a plain archive.
    func unpack(_ stream: TarStream, into root: Descriptor, layerWithLower layer: Bool? = nil) async throws {
        let reading = StreamReading(stream, limits, cancellation)
        do {
            try await unpack(reading, into: root, layerWithLower: layer)
        } catch {
            cancellation.cancel()
            await reading.abandon()
            throw error
        }
    }

    private func unpack(_ reading: StreamReading, into root: Descriptor, layerWithLower layer: Bool?) async throws {
        try await onThread("unpack") { try write(reading.queue.consumer(), reading.stream, into: root, layer) }
        try await reading.end()
    }

    private func write(_ source: ChunkQueue.Consumer, _ stream: TarStream, into root: Descriptor, _ layer: Bool?) throws
    {
        try RootfsWriter.ownUmask()
        let writer = try RootfsWriter(
            root: root, subject: stream.name, layer: layer.map { LayerRecord(hasLower: $0) }, owners: owners)
        // With a digest nobody can have cut the end off, and a layer may be empty.
        let reader = TarReader(source, archive: stream.name, isPlain: stream.diffID == nil)
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
