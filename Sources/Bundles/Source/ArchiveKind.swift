internal import LinuxSystem

/// Tells an archive of an image from a plain rootfs tarball.
enum ArchiveKind {
    /// Looks at the first entry; only what may be an image's is read further, so a rootfs costs nothing.
    static func recognise(_ path: String) throws -> ImageSource {
        let plain = ImageSource.tar(path: path)
        guard try TarFile.open(path).status().kind == .regular else { return plain }
        let first: String
        do {
            let found = try names(in: path, limit: 1).first
            first = found ?? ""
        } catch is BundleError {
            // Whatever is wrong with it is told when it is unpacked.
            return plain
        }
        if !mayBeImage(first) { return plain }
        let names = Set(try names(in: path, limit: .max))
        if names.contains("manifest.json") { return .dockerArchive(path: path, reference: nil) }
        if names.contains("oci-layout"), names.contains("index.json") { return .ociArchive(path: path, reference: nil) }
        return plain
    }

    private static func mayBeImage(_ first: String) -> Bool {
        let top = first.split(separator: "/").first ?? ""
        let stem = top.split(separator: ".").first ?? ""
        let known: Set<Substring> = ["blobs", "oci-layout", "index", "manifest", "repositories"]
        return known.contains(stem) || stem.utf8.count == 64 && stem.allSatisfy(\.isHexDigit)
    }

    private static func names(in path: String, limit: Int) throws -> [String] {
        try Cancellation.uncancelled { cancellation in
            let reader = PeekingReader(try FileReader(TarFile.open(path), cancellation))
            let compression = Compression(magic: try reader.peek(Compression.magicLength))
            let decoder = try makeDecoder(compression, of: reader, name: path)
            let tar = TarReader(ReaderChunks(decoder), archive: path, isPlain: true)
            var names: [String] = []
            while names.count < min(limit, 100_000), let entry = try tar.next() {
                let parts = entry.name.split(separator: "/").filter { $0 != "." }
                if !parts.isEmpty { names.append(parts.joined(separator: "/")) }
            }
            return names
        }
    }
}

/// A byte reader as chunks, on the same thread.
final class ReaderChunks: ChunkSource {
    private let reader: any ByteReader
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    init(_ reader: any ByteReader) {
        self.reader = reader
    }

    deinit { buffer.deallocate() }

    func next() throws -> UnsafeRawBufferPointer? {
        let count = try reader.read(into: buffer)
        return count == 0 ? nil : UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }
}
