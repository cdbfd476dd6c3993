/// Passes a stream on and checks, at its end, that it was what was promised.
final class VerifyingReader: ByteReader {
    private let input: any ByteReader
    private let expected: Digest?
    private let size: Int?
    private let what: String
    private let hasher: DigestHasher?
    private(set) var count = 0
    private var isVerified = false

    /// - Parameter what: for messages, as in "layer 2 of x.tar".
    init(_ input: any ByteReader, _ expected: Digest?, size: Int?, what: String) {
        self.input = input
        self.expected = expected
        self.size = size
        self.what = what
        hasher = expected.map { DigestHasher($0.algorithm) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let got = try input.read(into: buffer)
        if got == 0 {
            try verify()
            return 0
        }
        hasher?.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        count += got
        if let size, count > size {
            throw BundleError(.badImage, "\(what) is larger than the \(size) bytes that its manifest says")
        }
        return got
    }

    private func verify() throws {
        if isVerified { return }
        isVerified = true
        if let size, count != size {
            throw BundleError(.badImage, "\(what) has \(count) bytes; its manifest says \(size)")
        }
        if let expected { try hasher?.finish(expecting: expected, of: what) }
    }
}

extension DigestHasher {
    /// - Parameter what: for the message, as in "layer 2 of x.tar".
    func finish(expecting expected: Digest, of what: String) throws {
        let found = finish()
        if found != expected {
            throw BundleError(.badImage, "\(what) is not what it should be: its digest is \(found), not \(expected)")
        }
    }
}
