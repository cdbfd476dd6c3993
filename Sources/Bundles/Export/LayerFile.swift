internal import CZlib
internal import LinuxSystem

/// Writes a layer as gzip into a file, and hashes both of its forms on the way.
final class LayerFile {
    let file: Descriptor
    private let plain = DigestHasher(.sha256)
    private let stored = DigestHasher(.sha256)
    private let stream: UnsafeMutablePointer<z_stream>
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)

    /// - Parameter file: empty, and written from its start.
    init(_ file: Descriptor) throws {
        self.file = file
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Neither a name nor a time in the header: the same layer gives the same bytes.
        let result = deflateInit2_(
            stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        if result != Z_OK { throw BundleError(.system, "cannot start zlib (\(result))") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        plain.update(bytes)
        try deflate(bytes, Z_NO_FLUSH)
    }

    /// What the layer is called in the configuration and in the manifest, and its size as it is stored.
    func finish() throws -> (diffID: Digest, digest: Digest, size: Int) {
        try deflate(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH)
        let size = stored.count
        return (plain.finish(), stored.finish(), size)
    }

    private func deflate(_ bytes: UnsafeRawBufferPointer, _ flush: Int32) throws {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: Bytef.self).baseAddress)
        stream.pointee.avail_in = uInt(bytes.count)
        while true {
            stream.pointee.next_out = buffer.assumingMemoryBound(to: Bytef.self).baseAddress
            stream.pointee.avail_out = uInt(buffer.count)
            let result = CZlib.deflate(stream, flush)
            if result == Z_STREAM_ERROR { throw BundleError(.system, "zlib cannot compress a layer") }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<(buffer.count - Int(stream.pointee.avail_out))])
            if !part.isEmpty {
                stored.update(part)
                try file.write(all: part)
            }
            if result == Z_STREAM_END || stream.pointee.avail_out > 0 && flush != Z_FINISH { return }
        }
    }
}
