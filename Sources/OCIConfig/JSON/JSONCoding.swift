/// Reads and writes JSON without loss, for any `Codable` type: what the runtime and image specifications need.
///
/// Unlike Foundation's coders it refuses duplicate keys, says line and column, keeps every 64-bit integer and every
/// other number's text, and writes one stable form.
public enum JSONCoding {
    /// The value that JSON text holds.
    /// - Throws: ``ConfigError`` with line and column when the text is no strict JSON.
    public static func parse(_ text: [UInt8]) throws(ConfigError) -> JSONValue {
        try JSONParser.parse(text)
    }

    /// The text of a value: keys sorted, and a final newline when it is `pretty`, one member a line.
    public static func text(_ value: JSONValue, pretty: Bool = true) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(value)
        return pretty ? writer.bytes + [0x0A] : writer.bytes
    }

    /// Decodes JSON text.
    /// - Throws: ``ConfigError`` with the place of what is wrong.
    public static func decode<Value: Decodable>(_ type: Value.Type, from text: [UInt8]) throws(ConfigError) -> Value {
        try decode(type, from: parse(text))
    }

    /// Decodes a JSON value.
    /// - Throws: ``ConfigError`` with the path of the member that does not fit.
    public static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws(ConfigError) -> Value
    {
        do {
            return try Value(from: JSONValueDecoder(value: value, codingPath: []))
        } catch let error as ConfigError {
            throw error
        } catch let error as DecodingError {
            throw ConfigError(decoding: error)
        } catch {
            throw ConfigError(.wrongType, "the value does not fit", cause: error)
        }
    }

    /// Encodes a value as pretty JSON text, keys sorted, with a final newline.
    /// - Throws: ``ConfigError`` when the value's own `encode(to:)` does, or a number is not finite.
    public static func encode(_ value: some Encodable, pretty: Bool = true) throws(ConfigError) -> [UInt8] {
        text(try self.value(of: value), pretty: pretty)
    }

    /// Encodes a value as a JSON value.
    /// - Throws: ``ConfigError`` when the value's own `encode(to:)` does, or a number is not finite.
    public static func value(of value: some Encodable) throws(ConfigError) -> JSONValue {
        do {
            let encoder = JSONValueEncoder(codingPath: [])
            try value.encode(to: encoder)
            return encoder.storage.finished
        } catch let error as ConfigError {
            throw error
        } catch {
            throw ConfigError(.notEncodable, "the value cannot be written as JSON", cause: error)
        }
    }
}

extension ConfigError {
    init(decoding error: DecodingError) {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(.wrongType, Self.sentence(context.codingPath, context.debugDescription))
        case .keyNotFound(let key, let context):
            self.init(.notFound, Self.sentence(context.codingPath + [key], "is missing"))
        case .dataCorrupted(let context):
            self.init(.outOfRange, Self.sentence(context.codingPath, context.debugDescription))
        @unknown default:
            self.init(.wrongType, "the value does not fit", cause: error)
        }
    }

    private static func sentence(_ path: [any CodingKey], _ problem: String) -> String {
        path.isEmpty ? "the document: \(problem)" : "\(ConfigPath(codingPath: path)): \(problem)"
    }
}
