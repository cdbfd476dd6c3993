/// How a stream is compressed, told by its first bytes.
package enum Compression: String, Sendable, CaseIterable {
    case none, gzip, zstd, xz, bzip2

    /// How many bytes `init(magic:)` wants to see.
    package static let magicLength = 6

    package init(magic: some Collection<UInt8>) {
        let known: [(Compression, [UInt8])] = [
            (.gzip, [0x1f, 0x8b]), (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
            (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), (.bzip2, [0x42, 0x5a, 0x68]),
        ]
        // A zstd stream may also begin with a skippable frame, 0x184d2a50 to 0x184d2a5f.
        let bytes = Array(magic.prefix(4))
        if bytes.count == 4, bytes[0] & 0xf0 == 0x50, bytes[1...] == [0x2a, 0x4d, 0x18] {
            self = .zstd
            return
        }
        self = known.first { magic.starts(with: $0.1) }?.0 ?? .none
    }
}
