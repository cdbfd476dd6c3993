internal import LinuxSystem

/// A stream of bytes.
protocol ByteReader: AnyObject {
    /// Reads up to `buffer.count` bytes; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteReader {
    /// Everything up to the end.
    /// - Throws: `BundleError` if that is more than `limit` bytes.
    func readAll(limit: Int, what: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { return bytes }
            if bytes.count + count > limit {
                throw BundleError(.refused, "\(what) is larger than the \(limit) bytes that are taken")
            }
            bytes += buffer[..<count]
        }
    }
}

/// A file's bytes as they are, or a stretch of them. Tells `progress` how far it is.
final class FileReader: ByteReader {
    private let file: Descriptor
    private let progress: Progress?
    /// For pipes and devices, whose next byte may never come.
    private let cancellation: Cancellation?
    private var range: Range<Int>?

    /// - Parameter range: the stretch to read, by place; without it the file is read from where it stands.
    init(_ file: Descriptor, range: Range<Int>? = nil, progress: Progress? = nil, _ cancellation: Cancellation) throws {
        self.file = file
        self.progress = progress
        self.range = range
        self.cancellation = try file.status().kind == .regular ? nil : cancellation
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try cancellation?.waitToRead(file)
        let count: Int
        if let left = range {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(left.count))
            count = part.isEmpty ? 0 : try file.read(into: part, at: left.lowerBound)
            range = (left.lowerBound + count)..<left.upperBound
        } else {
            count = try file.read(into: buffer)
        }
        progress?.advance(by: count)
        return count
    }
}

/// Lets the first bytes of a stream be seen before they are read.
final class PeekingReader: ByteReader {
    private let input: any ByteReader
    private var head: [UInt8] = []

    init(_ input: any ByteReader) {
        self.input = input
    }

    /// The first bytes; fewer than `count` only if there are no more.
    func peek(_ count: Int) throws -> [UInt8] {
        while head.count < count {
            var more = [UInt8](repeating: 0, count: count - head.count)
            let got = try more.withUnsafeMutableBytes { try input.read(into: $0) }
            if got == 0 { break }
            head += more.prefix(got)
        }
        return head
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if head.isEmpty { return try input.read(into: buffer) }
        let count = min(head.count, buffer.count)
        buffer.copyBytes(from: head.prefix(count))
        head.removeFirst(count)
        return count
    }
}

/// The decoder for a compression. `name` is for messages.
func makeDecoder(_ compression: Compression, of input: any ByteReader, name: String) throws -> any ByteReader {
    switch compression {
    case .none: input
    case .gzip: try GzipDecoder(input, name: name)
    case .zstd, .xz, .bzip2: try LibarchiveDecoder(compression, input, name: name)
    }
}
