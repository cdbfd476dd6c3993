internal import Glibc
internal import LinuxSystem

/// Unpacks a plain tar archive, compressed or not, into a rootfs: one thread reads and inflates, another one parses
/// and writes.
struct TarUnpacker: Sendable {
    let path: String
    var progress: Progress?

    func unpack(into root: Descriptor, _ cancellation: Cancellation) async throws {
        let archive = path
        let progress = progress
        let file = try open()
        let queue = ChunkQueue()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Its errors reach the other side by way of the queue.
            group.addTask {
                try await onThread("inflate") { queue.produce(Inflater(file, archive, progress, cancellation).read) }
            }
            group.addTask {
                try await onThread("unpack") {
                    do {
                        try Self.write(queue, archive, into: root, cancellation)
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

    private func open() throws -> Descriptor {
        do {
            let file = try Descriptor.open(path, O_RDONLY)
            let status = try file.status()
            if status.kind == .directory {
                throw BundleError(
                    .badArchive, "\(path) is a folder, no archive; say dir:\(path) to take it as the rootfs")
            }
            progress?.begin("unpacking \(path)", total: status.kind == .regular ? Int(status.st_size) : nil)
            return file
        } catch let error as SystemError {
            throw BundleError(
                error.isMissing ? .notFound : .system, "cannot read the archive \(path)", cause: error)
        }
    }

    private static func write(
        _ queue: ChunkQueue, _ archive: String, into root: Descriptor, _ cancellation: Cancellation
    ) throws {
        try RootfsWriter.ownUmask()
        let writer = try RootfsWriter(root: root, subject: archive)
        let reader = TarReader(queue, archive: archive, needsEndMark: true)
        while let entry = try reader.next() {
            try cancellation.check()
            try writer.add(entry) { try Self.copy(entry, of: reader, to: $0, cancellation) }
        }
        try writer.finish()
    }

    private static func copy(
        _ entry: TarEntry, of reader: TarReader, to file: Descriptor, _ cancellation: Cancellation
    ) throws {
        let content = FileContent(file)
        try reader.readData { offset, bytes in
            try content.write(bytes, at: offset)
            try cancellation.check()
        }
        try content.finish(size: entry.size)
    }
}

/// An archive file, its compression undone. Opens the decoder with the first read, on the thread that reads.
private final class Inflater: ByteReader {
    private let file: Descriptor
    private let archive: String
    private let progress: Progress?
    private let cancellation: Cancellation
    private var decoder: (any ByteReader)?

    init(_ file: Descriptor, _ archive: String, _ progress: Progress?, _ cancellation: Cancellation) {
        self.file = file
        self.archive = archive
        self.progress = progress
        self.cancellation = cancellation
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let decoder { return try decoder.read(into: buffer) }
        let reader = try FileReader(file, progress: progress, cancellation)
        let magic = try reader.peek(Compression.magicLength)
        if magic.isEmpty { throw BundleError(.badArchive, "\(archive) is empty, no archive") }
        let decoder = try makeDecoder(Compression(magic: magic), of: reader, name: archive)
        self.decoder = decoder
        return try decoder.read(into: buffer)
    }
}
