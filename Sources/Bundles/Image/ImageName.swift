/// An image's name in full: `registry/repository[:tag][@digest]`, with docker's defaults filled in.
public struct ImageName: Hashable, Sendable, CustomStringConvertible {
    /// `docker.io`, `localhost:5000`.
    public let registry: String
    /// `library/python`.
    public let repository: String
    /// `latest`, unless there is a digest.
    public let tag: String?
    /// Exactly which one.
    public let digest: Digest?

    /// - Throws: `BundleError` for what cannot be a name: upper case, spaces, empty parts.
    public init(_ text: String) throws {
        func malformed(_ why: String) -> BundleError {
            BundleError(.badImage, "'\(text)' is no image's name: \(why); write it like python:3.12-slim")
        }
        var rest = text[...]
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        }
        var tag: String?
        let slash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest.lastIndex(of: ":"), colon > slash {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        if let tag {
            let isGood =
                (1...128).contains(tag.utf8.count) && tag.first != "." && tag.first != "-"
                && tag.utf8.allSatisfy { Self.isWord($0) || $0 == 0x2e || $0 == 0x2d || (0x41...0x5a).contains($0) }
            if !isGood { throw malformed("a tag has letters, digits, '_', '.' and '-'") }
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var registry = "docker.io"
        if parts.count > 1, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" {
            registry = parts.removeFirst()
        }
        if registry == "index.docker.io" { registry = "docker.io" }
        if registry == "docker.io", parts.count == 1 { parts.insert("library", at: 0) }
        for part in parts {
            let isGood =
                part.utf8.allSatisfy { Self.isWord($0) || $0 == 0x2e || $0 == 0x2d }
                && part.first.map { $0.isLetter || $0.isNumber } == true && part != ".."
            if !isGood { throw malformed("its parts have lower-case letters, digits, '_', '.' and '-'") }
        }
        self.registry = registry
        repository = parts.joined(separator: "/")
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5f
    }

    /// The name in full.
    public var description: String {
        "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}
