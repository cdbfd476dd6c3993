/// What JSON has as a bool, a number or a string.
protocol JSONScalar {
    /// Nil when the value has another type or is out of range.
    init?(json value: JSONValue)
    var json: JSONValue { get throws }
    /// What is expected, as messages say it.
    static var expectation: String { get }
}

extension Bool: JSONScalar {
    init?(json value: JSONValue) {
        guard case .bool(let truth) = value else { return nil }
        self = truth
    }
    var json: JSONValue { .bool(self) }
    static var expectation: String { "true or false" }
}

extension String: JSONScalar {
    init?(json value: JSONValue) {
        guard case .string(let text) = value else { return nil }
        self = text
    }
    var json: JSONValue { .string(self) }
    static var expectation: String { "a string" }
}

extension FixedWidthInteger {
    init?(json value: JSONValue) {
        guard let number = value.number(Self.self) else { return nil }
        self = number
    }
    var json: JSONValue { JSONValue(self) }
    static var expectation: String { "an integer from \(min) to \(max)" }
}

extension Int: JSONScalar {}
extension Int8: JSONScalar {}
extension Int16: JSONScalar {}
extension Int32: JSONScalar {}
extension Int64: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt8: JSONScalar {}
extension UInt16: JSONScalar {}
extension UInt32: JSONScalar {}
extension UInt64: JSONScalar {}

extension BinaryFloatingPoint where Self: LosslessStringConvertible {
    init?(json value: JSONValue) {
        switch value {
        case .integer(let number): self = Self(number)
        case .unsigned(let number): self = Self(number)
        case .decimal(let literal):
            guard let number = Self(literal), number.isFinite else { return nil }
            self = number
        default: return nil
        }
    }

    var json: JSONValue {
        get throws {
            guard isFinite else { throw ConfigError(.notEncodable, "\(self) cannot be written as JSON") }
            if let whole = Int64(exactly: self) { return .integer(whole) }
            return .decimal("\(self)")
        }
    }

    static var expectation: String { "a number" }
}

extension Double: JSONScalar {}
extension Float: JSONScalar {}

/// The scalar type that `type` is, without a look for its conformance: the first one of each type walks through all
/// conformances of the program.
func scalarType<Value>(_ type: Value.Type) -> (any JSONScalar.Type)? {
    if type == String.self { return String.self }
    if type == Bool.self { return Bool.self }
    if type == Int64.self { return Int64.self }
    if type == UInt32.self { return UInt32.self }
    if type == UInt64.self { return UInt64.self }
    if type == Int.self { return Int.self }
    if type == Int32.self { return Int32.self }
    if type == UInt16.self { return UInt16.self }
    if type == UInt8.self { return UInt8.self }
    if type == UInt.self { return UInt.self }
    if type == Int16.self { return Int16.self }
    if type == Int8.self { return Int8.self }
    if type == Double.self { return Double.self }
    if type == Float.self { return Float.self }
    return nil
}

extension JSONScalar {
    /// The JSON form of a value that is of this very type; nil for any other.
    static func json(of value: some Any) throws -> JSONValue? {
        try (value as? Self)?.json
    }
}
