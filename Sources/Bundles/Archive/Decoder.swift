internal import LinuxSystem

/// A stream of plain bytes.
protocol ByteReader: AnyObject {
    /// Reads up to `buffer.count` bytes; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A file's bytes as they are. Tells `progress` how far it is.
final class FileReader: ByteReader {
    private let file: Descriptor
    private let progress: Progress?
    /// For pipes and devices, whose next byte may never come.
    private let cancellation: Cancellation?
    /// What was read to recognise the content, given out again first.
    private var head: [UInt8] = []

    init(_ file: Descriptor, progress: Progress? = nil, _ cancellation: Cancellation) throws {
        self.file = file
        self.cancellation = try file.status().kind == .regular ? nil : cancellation
        self.progress = progress
    }

    /// The first bytes, without taking them.
    func peek(_ count: Int) throws -> [UInt8] {
        while head.count < count {
            var more = [UInt8](repeating: 0, count: count - head.count)
            let got = try more.withUnsafeMutableBytes { try readFile(into: $0) }
            if got == 0 { break }
            head += more.prefix(got)
        }
        return head
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if !head.isEmpty {
            let count = min(head.count, buffer.count)
            buffer.copyBytes(from: head.prefix(count))
            head.removeFirst(count)
            progress?.advance(by: count)
            return count
        }
        let count = try readFile(into: buffer)
        progress?.advance(by: count)
        return count
    }

    private func readFile(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try cancellation?.waitToRead(file)
        return try file.read(into: buffer)
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
