internal import CCrypto

/// `sha256:…` or `sha512:…`: what names a blob. Parsed strictly, because digests become paths.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The hash functions that image-spec registers and we take.
    public enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512

        /// How many hexadecimal digits a digest has.
        var length: Int { self == .sha256 ? 64 : 128 }
    }

    /// The hash function.
    public let algorithm: Algorithm
    /// The hash in lower case.
    public let hex: String

    /// - Throws: `BundleError` for any form but `ALGORITHM:HEX` in lower case and of the right length.
    public init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: String(parts[0])),
            parts[1].utf8.count == algorithm.length,
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw BundleError(.badImage, "'\(text)' is no sha256 or sha512 digest") }
        self.algorithm = algorithm
        hex = String(parts[1])
    }

    fileprivate init(_ algorithm: Algorithm, _ bytes: [UInt8]) {
        self.algorithm = algorithm
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// `sha256:HEX`.
    public var description: String { "\(algorithm.rawValue):\(hex)" }

    /// Of bytes in memory.
    static func of(_ bytes: [UInt8], _ algorithm: Algorithm = .sha256) -> Digest {
        let hasher = DigestHasher(algorithm)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }
}

/// Hashes a stream with the CPU's own instructions where it has them.
final class DigestHasher {
    private let algorithm: Digest.Algorithm
    private var sha256 = SHA256_CTX()
    private var sha512 = SHA512_CTX()
    /// How many bytes were hashed.
    private(set) var count = 0

    init(_ algorithm: Digest.Algorithm) {
        self.algorithm = algorithm
        switch algorithm {
        case .sha256: SHA256_Init(&sha256)
        case .sha512: SHA512_Init(&sha512)
        }
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        count += bytes.count
        switch algorithm {
        case .sha256: SHA256_Update(&sha256, bytes.baseAddress, bytes.count)
        case .sha512: SHA512_Update(&sha512, bytes.baseAddress, bytes.count)
        }
    }

    func finish() -> Digest {
        var hash = [UInt8](repeating: 0, count: algorithm.length / 2)
        switch algorithm {
        case .sha256: SHA256_Final(&hash, &sha256)
        case .sha512: SHA512_Final(&hash, &sha512)
        }
        return Digest(algorithm, hash)
    }
}
