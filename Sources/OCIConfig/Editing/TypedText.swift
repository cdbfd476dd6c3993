/// What a text from a command line means where the specification has a certain kind of value.
enum TypedText {
    /// - Parameter force: takes what does not fit as JSON, or else as a string.
    static func value(
        _ text: String, _ kind: SpecKind, at path: ConfigPath, force: Bool = false
    ) throws(ConfigError) -> JSONValue {
        if let value = strict(text, kind) { return value }
        if force { return json(text) ?? .string(text) }
        if case .array = kind, let other = json(text), other.elements == nil {
            throw ConfigError(.wrongType, "\(path) is a list: give [\(text)], or use --append to add to it")
        }
        throw ConfigError(.wrongType, "\(path): expected \(kind.expectation), found '\(text)'")
    }

    private static func strict(_ text: String, _ kind: SpecKind) -> JSONValue? {
        switch kind {
        case .string: return .string(text)
        case .any: return json(text) ?? .string(text)
        case .integer: return integer(text)
        case .bool: return json(text).flatMap { $0.truth == nil ? nil : $0 }
        case .array: return json(text).flatMap { $0.elements == nil ? nil : $0 }
        case .map, .object: return json(text).flatMap { $0.members == nil ? nil : $0 }
        }
    }

    /// Decimal, or with a prefix hexadecimal or octal, as modes and masks are written.
    static func integer(_ text: String) -> JSONValue? {
        for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
            return UInt64(text.dropFirst(2), radix: radix).map { JSONValue($0) }
        }
        if text.hasPrefix("+") { return nil }
        return Int64(text).map { JSONValue($0) } ?? UInt64(text).map { JSONValue($0) }
    }

    private static func json(_ text: String) -> JSONValue? {
        try? JSONCoding.parse(Array(text.utf8))
    }
}
