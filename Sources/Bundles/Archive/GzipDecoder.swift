internal import CInflate
internal import CZlib

/// gzip, any number of members: by ISA-L where it is installed, else by zlib. Unlike libarchive's filter both check
/// each member's CRC.
final class GzipDecoder: ByteReader {
    private let input: any ByteReader
    private let name: String
    private let engine: any InflateEngine
    private let inputBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    private var pending = UnsafeRawBufferPointer(start: nil, count: 0)
    private var inputEnded = false
    private var inMember = true
    private var finished = false

    init(_ input: any ByteReader, name: String, zlib: Bool = false) throws {
        self.input = input
        self.name = name
        engine = try (zlib ? nil : ISALEngine()) ?? ZlibEngine()
    }

    deinit { inputBuffer.deallocate() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if finished || buffer.isEmpty { return 0 }
        var output = buffer
        while output.count == buffer.count {
            try refill()
            if !inMember, try !beginMember() { break }
            let before = (pending.count, output.count)
            switch engine.run(&pending, &output) {
            case .more:
                if inputEnded, pending.isEmpty, output.count == before.1 {
                    throw BundleError(.badArchive, "\(name) is cut short: its gzip stream ends too early")
                }
            case .memberEnd: inMember = false
            case .damaged: throw BundleError(.badArchive, "\(name) is damaged: its gzip stream is not right")
            }
        }
        return buffer.count - output.count
    }

    private func refill() throws {
        if !pending.isEmpty || inputEnded { return }
        let count = try input.read(into: inputBuffer)
        if count == 0 { inputEnded = true }
        pending = UnsafeRawBufferPointer(rebasing: inputBuffer[..<count])
    }

    /// After a member: another one, zeros up to the end, or the end.
    private func beginMember() throws -> Bool {
        while true {
            pending = UnsafeRawBufferPointer(rebasing: pending.drop { $0 == 0 })
            if let first = pending.first {
                if first != 0x1f {
                    throw BundleError(.badArchive, "\(name) has something else behind its gzip stream")
                }
                engine.reset()
                inMember = true
                return true
            }
            try refill()
            if inputEnded {
                finished = true
                return false
            }
        }
    }
}

private enum InflateStep {
    case more, memberEnd, damaged
}

private protocol InflateEngine: AnyObject {
    /// Begins another member.
    func reset()
    /// Takes from `input` and fills `output`; both become what is left of them.
    func run(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> InflateStep
}

private final class ISALEngine: InflateEngine {
    private let decoder: OpaquePointer

    init?() {
        guard let decoder = blt_inflate_new() else { return nil }
        self.decoder = decoder
    }

    deinit { blt_inflate_free(decoder) }

    func reset() { blt_inflate_reset(decoder) }

    func run(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> InflateStep {
        var from = input.assumingMemoryBound(to: UInt8.self).baseAddress
        var fromCount = input.count
        var to = output.assumingMemoryBound(to: UInt8.self).baseAddress
        var toCount = output.count
        let result = blt_inflate_run(decoder, &from, &fromCount, &to, &toCount)
        input = UnsafeRawBufferPointer(start: from, count: fromCount)
        output = UnsafeMutableRawBufferPointer(start: to, count: toCount)
        switch Int(result) {
        case BLT_INFLATE_MORE: return .more
        case BLT_INFLATE_MEMBER_END: return .memberEnd
        default: return .damaged
        }
    }
}

private final class ZlibEngine: InflateEngine {
    /// zlib remembers its address.
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip format only.
        let result = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if result != Z_OK { throw BundleError(.system, "cannot start zlib (\(result))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func reset() { inflateReset(stream) }

    func run(_ input: inout UnsafeRawBufferPointer, _ output: inout UnsafeMutableRawBufferPointer) -> InflateStep {
        let from = input.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.next_in = UnsafeMutablePointer(mutating: from)
        stream.pointee.avail_in = uInt(input.count)
        stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_out = uInt(output.count)
        let result = inflate(stream, Z_NO_FLUSH)
        input = UnsafeRawBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
        output = UnsafeMutableRawBufferPointer(start: stream.pointee.next_out, count: Int(stream.pointee.avail_out))
        switch result {
        case Z_OK, Z_BUF_ERROR: return .more
        case Z_STREAM_END: return .memberEnd
        default: return .damaged
        }
    }
}
