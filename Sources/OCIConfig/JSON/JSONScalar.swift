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
