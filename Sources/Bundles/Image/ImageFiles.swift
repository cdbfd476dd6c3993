internal import Glibc
internal import LinuxSystem

/// The files of an image on disk, by their paths: a folder's, or an archive's.
protocol ImageFiles: Sendable {
    /// For messages.
    var name: String { get }
    /// A regular file, opened, and where in it the bytes are; `nil` if there is none.
    func find(_ path: String) throws -> StoredFile?
}

struct StoredFile: Sendable {
    let file: Descriptor
    let range: Range<Int>
}

extension ImageFiles {
    /// Manifests and configurations are small; larger ones are made to fill our memory.
    static var largestDocument: Int { 16 << 20 }

    func document(_ path: String) throws -> [UInt8] {
        guard let bytes = try documentIfPresent(path) else {
            throw BundleError(.badImage, "\(name) has no \(path)")
        }
        return bytes
    }

    func documentIfPresent(_ path: String) throws -> [UInt8]? {
        guard let found = try find(path) else { return nil }
        if found.range.count > Self.largestDocument {
            throw BundleError(.refused, "\(path) of \(name) is larger than \(Self.largestDocument) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: found.range.count)
        var filled = 0
        while filled < bytes.count {
            let got = try bytes.withUnsafeMutableBytes {
                try found.file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]), at: found.range.lowerBound + filled)
            }
            if got == 0 { throw BundleError(.badImage, "\(path) of \(name) is cut short") }
            filled += got
        }
        return bytes
    }
}

/// A folder, for example an OCI layout.
struct FolderFiles: ImageFiles {
    let name: String
    private let folder: Descriptor

    init(_ path: String) throws {
        name = path
        do {
            folder = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw BundleError(
                error.isMissing ? .notFound : .system, "cannot read the image folder \(path)", cause: error)
        }
    }

    func find(_ path: String) throws -> StoredFile? {
        do {
            let file = try folder.openInRoot(path, O_RDONLY | O_NONBLOCK)
            let status = try file.status()
            guard status.kind == .regular else { return nil }
            return StoredFile(file: file, range: 0..<Int(status.st_size))
        } catch {
            if error.isMissing { return nil }
            throw BundleError(.system, "cannot read \(path) of \(name)", cause: error)
        }
    }
}

/// An archive's files, found by reading its headers once. A compressed archive is inflated to a file without a name.
struct ArchiveFiles: ImageFiles {
    let name: String
    private let file: Descriptor
    private let files: [String: Range<Int>]
    private let links: [String: String]

    /// - Parameter scratch: the folder whose file system has room for an archive that must be inflated.
    init(_ path: String, scratch: String, progress: Progress?, _ cancellation: Cancellation) throws {
        name = path
        let stored = try TarFile.open(path)
        let compression = try Self.compression(of: stored)
        let isFile = try stored.status().kind == .regular
        file =
            compression == .none && isFile
            ? stored : try Self.inflate(stored, path, scratch: scratch, progress, cancellation)
        let reader = TarReader(FileChunks(file), archive: path, isPlain: true)
        var files: [String: Range<Int>] = [:]
        var links: [String: String] = [:]
        while let entry = try reader.next() {
            try cancellation.check()
            guard let key = Self.normalised(entry.path) else { continue }
            if files.count + links.count > 100_000 { throw BundleError(.refused, "\(path) has too many files") }
            files[key] = nil
            links[key] = nil
            switch entry.kind {
            case .file where entry.extents == nil:
                files[key] = reader.dataOffset..<(reader.dataOffset + entry.size)
            case .symlink:
                let parent = key.lastIndex(of: "/").map { String(key[...$0]) } ?? ""
                links[key] = Self.normalised(Array(parent.utf8) + entry.linkTarget)
            case .hardlink: links[key] = Self.normalised(entry.linkTarget)
            default: break
            }
        }
        self.files = files
        self.links = links
    }

    /// Old `docker save` puts links in the place of layers that it has written before.
    func find(_ path: String) throws -> StoredFile? {
        var path = Self.normalised(Array(path.utf8)) ?? path
        for _ in 0..<8 {
            if let range = files[path] { return StoredFile(file: file, range: range) }
            guard let target = links[path] else { return nil }
            path = target
        }
        return nil
    }

    var paths: [String] { Array(files.keys) }

    /// `..` is resolved by name: inside an archive there is nothing else.
    private static func normalised(_ bytes: [UInt8]) -> String? {
        var parts: [Substring] = []
        for part in String(decoding: bytes, as: UTF8.self).split(separator: "/") where part != "." {
            if part == ".." {
                if parts.popLast() == nil { return nil }
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    private static func compression(of file: Descriptor) throws -> Compression {
        var magic = [UInt8](repeating: 0, count: Compression.magicLength)
        guard try file.status().kind == .regular else { return .none }
        let count = try magic.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return Compression(magic: magic.prefix(count))
    }

    private static func inflate(
        _ stored: Descriptor, _ path: String, scratch: String, _ progress: Progress?, _ cancellation: Cancellation
    ) throws -> Descriptor {
        let reader = PeekingReader(try FileReader(stored, progress: progress, cancellation))
        let decoder = try makeDecoder(Compression(magic: reader.peek(Compression.magicLength)), of: reader, name: path)
        let plain = try Descriptor.openUnnamed(in: scratch)
        let content = FileContent(plain)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var size = 0
        while true {
            let count = try decoder.read(into: buffer)
            if count == 0 { break }
            try cancellation.check()
            try content.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: size)
            size += count
        }
        try content.finish(size: size)
        return plain
    }
}
