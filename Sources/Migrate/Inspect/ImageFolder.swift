internal import Glibc
internal import LinuxSystem

/// The images of one CRIU image folder, read with bounds: a folder may come from anywhere.
///
/// Source: CRIU `criu/include/magic.h`, `criu/image-desc.c`, `images/*.proto`.
final class ImageFolder {
    /// What is kept of all images together; pagemaps and pages are only looked through.
    static let keptLimit = 128 << 20
    /// The longest record: the memory map of a process with some 800,000 areas.
    static let recordLimit = 64 << 20

    /// How an image begins.
    enum Magic {
        /// The common magic number, then the image's own.
        case common(UInt32)
        /// The service magic number, then the image's own: statistics.
        case service(UInt32)
        /// The image's own alone: the inventory.
        case bare(UInt32)

        static let inventory = Magic.bare(0x5831_3116)
        static let pstree = Magic.common(0x5027_3030)
        static let core = Magic.common(0x5505_3847)
        static let ids = Magic.common(0x5443_2030)
        static let mm = Magic.common(0x5749_2820)
        static let pagemap = Magic.common(ImageFile.pagemapMagic)
        static let fdinfo = Magic.common(0x5621_3732)
        static let files = Magic.common(0x5630_3138)
        static let fs = Magic.common(0x5140_3912)
        static let uts = Magic.common(0x5447_3203)
        static let tcpStream = Magic.common(0x5146_5506)
        static let stats = Magic.service(0x5709_3306)

        var words: [UInt32] {
            switch self {
            case .common(let own): [ImageFile.commonMagic, own]
            case .service(let own): [0x5510_5940, own]
            case .bare(let own): [own]
            }
        }
    }

    let path: String
    let names: [String]
    private let directory: Descriptor
    private var kept = 0

    /// - Throws: where there is no such folder.
    init(_ path: String) throws {
        self.path = path
        directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        names = try directory.names().map { String(decoding: $0.bytes, as: UTF8.self) }.sorted()
    }

    func has(_ name: String) -> Bool {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low < names.count && names[low] == name
    }

    /// The numbers N of the images `PREFIX-N.img`, in order.
    func numbers(of prefix: String) -> [UInt64] {
        names.compactMap { name in
            guard name.hasPrefix("\(prefix)-"), name.hasSuffix(".img") else { return nil }
            return UInt64(name.dropFirst(prefix.utf8.count + 1).dropLast(4))
        }.sorted()
    }

    /// Opens a regular file, and no fifo or device, which would block.
    func open(_ name: String) throws -> (file: Descriptor, size: Int) {
        let file: Descriptor
        do {
            file = try directory.open(FileName(name), O_RDONLY | O_NONBLOCK)
        } catch {
            throw SystemError(code: error.code, operation: "read", subject: "\(path)/\(name)")
        }
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw malformed(name, "it is no regular file") }
        return (file, Int(status.st_size))
    }

    /// The records of an image whose contents are kept. An image that is not there has none.
    func records(_ name: String, _ magic: Magic, _ body: (ProtobufMessage) throws -> Void) throws {
        guard has(name) else { return }
        try scan(name, magic) { try body(keep($0)) }
    }

    /// What `body` makes of the first record of an image, which may be followed by something else; nil where the image
    /// is not there.
    func record<Value>(_ name: String, _ magic: Magic, _ body: (ProtobufMessage) throws -> Value) throws -> Value? {
        guard has(name) else { return nil }
        var value: Value?
        try scan(name, magic, limit: 1) { value = try body(keep($0)) }
        guard value != nil else { throw malformed(name, "it is empty") }
        return value
    }

    private func keep(_ record: [UInt8]) throws -> ProtobufMessage {
        kept += record.count + 64
        guard kept <= Self.keptLimit else {
            throw MigrateError(.malformed, "the folder holds more than \(Self.keptLimit >> 20) MiB besides pages")
        }
        return try ProtobufMessage(record[...])
    }

    /// Hands each record of an image to `body`, without keeping it.
    func scan(_ name: String, _ magic: Magic, limit: Int = .max, _ body: ([UInt8]) throws -> Void) throws {
        let (file, size) = try open(name)
        do {
            var reader = ImageReader(file, size: size)
            for word in magic.words where try reader.word() != word {
                throw MigrateError(.malformed, "it is no CRIU image of this kind (magic number)")
            }
            var count = 0
            while count < limit, let record = try reader.record() {
                try body(record)
                count += 1
            }
        } catch let error as MigrateError {
            throw malformed(name, error.message)
        }
    }

    func malformed(_ name: String, _ problem: String) -> MigrateError {
        MigrateError(.malformed, "cannot read \(path)/\(name): \(problem)")
    }
}

/// Reads an image from its start, a buffer at a time.
private struct ImageReader {
    private let file: Descriptor
    /// Bytes of the file that are not handed out yet.
    private var left: Int
    private var buffer: [UInt8] = []
    private var position = 0

    init(_ file: Descriptor, size: Int) {
        self.file = file
        left = size
    }

    mutating func word() throws -> UInt32 {
        try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The next record, or nil at the end.
    mutating func record() throws -> [UInt8]? {
        if left == 0 { return nil }
        let size = Int(try word())
        guard size <= ImageFolder.recordLimit else {
            throw MigrateError(.malformed, "it has a record of \(size) bytes, more than CRIU writes")
        }
        return try take(size)
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        guard count <= left else { throw MigrateError(.malformed, "it is cut off") }
        left -= count
        if buffer.count - position < count { try fill(count) }
        defer { position += count }
        return Array(buffer[position..<(position + count)])
    }

    private mutating func fill(_ count: Int) throws {
        let rest = buffer.count - position
        let wanted = max(count - rest, min(left + count - rest, 1 << 16))
        let more = try [UInt8](unsafeUninitializedCapacity: wanted) { bytes, initialized in
            initialized = try file.readFully(
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[..<wanted]))
        }
        guard more.count == wanted else { throw MigrateError(.malformed, "it was cut off while it was read") }
        buffer = Array(buffer[position...]) + more
        position = 0
    }
}
