/// A path or a single name as the kernel sees it: bytes in no particular encoding, none of them zero.
package struct FileName: Hashable, Sendable, CustomStringConvertible {
    /// The bytes and a terminating zero.
    private let terminated: [CChar]

    /// - Returns: `nil` if `bytes` holds a zero.
    package init?(_ bytes: some Sequence<UInt8>) {
        var terminated = bytes.map { CChar(bitPattern: $0) }
        if terminated.contains(0) { return nil }
        terminated.append(0)
        self.terminated = terminated
    }

    /// - Precondition: `text` holds no zero byte.
    package init(_ text: String) {
        guard let name = FileName(text.utf8) else { preconditionFailure("a path with a zero byte") }
        self = name
    }

    package var bytes: [UInt8] { terminated.dropLast().map { UInt8(bitPattern: $0) } }
    package var count: Int { terminated.count - 1 }

    package func hasPrefix(_ prefix: String) -> Bool {
        prefix.utf8.count <= count && zip(terminated, prefix.utf8).allSatisfy { $0 == CChar(bitPattern: $1) }
    }

    /// For messages: what is not UTF-8 is shown as the replacement character.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    package func withCString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try terminated.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
            try body(buffer.baseAddress!)
        }
    }

    package static func == (left: FileName, right: FileName) -> Bool { left.terminated == right.terminated }
}
