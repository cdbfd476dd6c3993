/// Reads JSON (RFC 8259) strictly: UTF-8 only, no duplicate keys, no comments, bounded depth.
struct JSONParser {
    /// Deeper than any real document by far, and shallow enough for a thread's small stack.
    static let depthLimit = 256

    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    private var depth = 0
    /// Where the parser is, when it notes duplicate keys and goes on; nil when they are errors.
    private var path: [ConfigPath.Step]?
    private var duplicates: [ConfigPath] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The one value that `bytes` hold.
    static func parse(_ bytes: [UInt8]) throws(ConfigError) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(ConfigError) in
                var parser = JSONParser(buffer)
                return try parser.document()
            }
        }
        return try result.get()
    }

    /// The one value that `bytes` hold, with the last one of duplicate keys, and the paths of the keys that are.
    static func parseCollectingDuplicates(
        _ bytes: [UInt8]
    ) throws(ConfigError) -> (value: JSONValue, duplicates: [ConfigPath]) {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(ConfigError) in
                var parser = JSONParser(buffer)
                parser.path = []
                return (try parser.document(), parser.duplicates)
            }
        }
        return try result.get()
    }

    private mutating func document() throws(ConfigError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw failure("the file starts with a byte order mark") }
        skipWhitespace()
        if position == bytes.count { throw failure("there is no value") }
        let value = try value()
        skipWhitespace()
        if position < bytes.count { throw failure("something follows the end of the value") }
        return value
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value() throws(ConfigError) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return try nested { (self) throws(ConfigError) in try self.object() }
        case UInt8(ascii: "["): return try nested { (self) throws(ConfigError) in try self.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw failure("the text ends where a value should stand")
        default: throw failure("expected a value, found \(found)")
        }
    }

    private mutating func nested(
        _ body: (inout Self) throws(ConfigError) -> JSONValue
    ) throws(ConfigError) -> JSONValue {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.depthLimit { throw failure("nested deeper than \(Self.depthLimit) levels") }
        position += 1
        skipWhitespace()
        return try body(&self)
    }

    private mutating func object() throws(ConfigError) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if take("}") { return .object(members) }
        while true {
            let start = position
            guard next == UInt8(ascii: "\"") else { throw failure("expected a key in quotes, found \(found)") }
            let key = try string()
            skipWhitespace()
            guard take(":") else { throw failure("expected ':' after the key \(key.debugDescription), found \(found)") }
            skipWhitespace()
            path?.append(.key(key))
            let value = try value()
            path?.removeLast()
            if members.updateValue(value, forKey: key) != nil {
                guard let path else {
                    position = start
                    throw failure("the key \(key.debugDescription) stands twice in one object; remove one")
                }
                duplicates.append(ConfigPath(path + [.key(key)]))
            }
            skipWhitespace()
            if take("}") { return .object(members) }
            guard take(",") else { throw failure("expected ',' or '}', found \(found)") }
            skipWhitespace()
        }
    }

    private mutating func array() throws(ConfigError) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        while true {
            path?.append(.index(elements.count))
            elements.append(try value())
            path?.removeLast()
            skipWhitespace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw failure("expected ',' or ']', found \(found)") }
            skipWhitespace()
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(ConfigError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw failure("expected '\(word)', found \(found)") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(ConfigError) -> JSONValue {
        let start = position
        var whole = true
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            whole = false
            try digits()
        }
        if take("e") || take("E") {
            whole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let literal = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        if whole, literal != "-0" {
            if let value = Int64(literal) { return .integer(value) }
            if let value = UInt64(literal) { return .unsigned(value) }
        }
        return .decimal(literal)
    }

    private mutating func digits() throws(ConfigError) {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        if position == start { throw failure("expected a digit, found \(found)") }
    }
}

// MARK: Messages
extension JSONParser {
    var found: String {
        guard let byte = next else { return "the end" }
        return byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }

    /// An error at the present position, counted in lines and bytes from 1.
    func failure(_ problem: String) -> ConfigError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return ConfigError(.invalidJSON, "line \(line), column \(column): \(problem)")
    }
}
