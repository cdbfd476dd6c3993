internal import CZlib

/// gzip by zlib, any number of members. Unlike libarchive's filter it checks each member's CRC and length.
final class GzipDecoder: ByteReader {
    private let input: any ByteReader
    private let name: String
    private let stream: UnsafeMutablePointer<z_stream>
    private let inputBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    private var inputEnded = false
    private var inMember = true
    private var finished = false

    init(_ input: any ByteReader, name: String) throws {
        self.input = input
        self.name = name
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip format only.
        let result = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if result != Z_OK { throw BundleError(.system, "cannot start zlib (\(result))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        inputBuffer.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if finished || buffer.isEmpty { return 0 }
        stream.pointee.next_out = buffer.assumingMemoryBound(to: Bytef.self).baseAddress
        stream.pointee.avail_out = uInt(buffer.count)
        while stream.pointee.avail_out == uInt(buffer.count) {
            try refill()
            if !inMember, try !beginMember() { break }
            let result = inflate(stream, Z_NO_FLUSH)
            switch result {
            case Z_OK: break
            case Z_STREAM_END: inMember = false
            case Z_BUF_ERROR where inputEnded:
                throw BundleError(.badArchive, "\(name) is cut short: its gzip stream ends too early")
            case Z_BUF_ERROR: break
            default:
                let reason = stream.pointee.msg.map { String(cString: $0) } ?? "error \(result)"
                throw BundleError(.badArchive, "\(name) is damaged: gzip says '\(reason)'")
            }
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }

    private func refill() throws {
        if stream.pointee.avail_in > 0 || inputEnded { return }
        let count = try input.read(into: inputBuffer)
        if count == 0 { inputEnded = true }
        stream.pointee.next_in = inputBuffer.assumingMemoryBound(to: Bytef.self).baseAddress
        stream.pointee.avail_in = uInt(count)
    }

    /// After a member: another one, zeros up to the end, or the end.
    private func beginMember() throws -> Bool {
        while true {
            while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
                stream.pointee.next_in += 1
                stream.pointee.avail_in -= 1
            }
            if stream.pointee.avail_in > 0 { break }
            try refill()
            if inputEnded {
                finished = true
                return false
            }
        }
        if stream.pointee.next_in.pointee != 0x1f {
            throw BundleError(.badArchive, "\(name) has something else behind its gzip stream")
        }
        inflateReset(stream)
        inMember = true
        return true
    }
}
