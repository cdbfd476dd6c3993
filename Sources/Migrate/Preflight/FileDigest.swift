internal import LinuxSystem

/// A keyed digest of a file's content, for an end that cannot compare the bytes: the key is fresh for each migration.
struct FileDigest {
    private static let piece = 1 << 20
    private let hasher: PageHasher

    init(seed: [UInt8]) {
        hasher = PageHasher(seed: seed)
    }

    /// - Parameters:
    ///   - size: how much of the file counts; it may grow meanwhile.
    ///   - progress: called after each piece.
    /// - Returns: nil where the file is shorter, or cannot be read.
    func text(of file: Descriptor, size: Int, progress: () throws -> Void) rethrows -> String? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 64)
        defer { buffer.deallocate() }
        var words: [UInt64] = [0, 0, 0, 0]
        var offset = 0
        while offset < size {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(Self.piece, size - offset)])
            guard (try? file.readFully(into: wanted, at: offset)) == wanted.count else { return nil }
            let hash = hasher.hash(UnsafeRawBufferPointer(wanted))
            (words[2], words[3]) = (hash.low, hash.high)
            let folded = words.withUnsafeBytes { hasher.hash($0) }
            (words[0], words[1]) = (folded.low, folded.high)
            offset += wanted.count
            try progress()
        }
        return String(words[0], radix: 16) + "-" + String(words[1], radix: 16)
    }
}
