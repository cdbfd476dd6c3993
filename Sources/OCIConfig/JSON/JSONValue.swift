/// Any JSON value, kept so exactly that writing it again loses nothing but white space and the order of keys.
public enum JSONValue: Sendable, Hashable {
    /// `null`, which is something else than an absent member.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number from -2^63 to 2^63-1.
    case integer(Int64)
    /// A whole number from 2^63 to 2^64-1, and no other: see ``init(_:)-(BinaryInteger)``.
    case unsigned(UInt64)
    /// Every other number, as its own text: `1.0`, `1e3`, or beyond 64 bits.
    case decimal(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object. The order of its keys has no meaning and is not kept.
    case object([String: JSONValue])

    /// The value of a whole number, in the one case that holds it.
    public init(_ number: some BinaryInteger) {
        if let small = Int64(exactly: number) {
            self = .integer(small)
        } else if let large = UInt64(exactly: number) {
            self = .unsigned(large)
        } else {
            self = .decimal(String(number))
        }
    }
}

extension JSONValue {
    /// The members of an object; nil for any other value.
    public var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array; nil for any other value.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string; nil for any other value.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The truth value; nil for any other value.
    public var truth: Bool? {
        if case .bool(let truth) = self { truth } else { nil }
    }

    /// The number as `Number`; nil when it is none, or does not fit.
    public func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        switch self {
        case .integer(let number): Number(exactly: number)
        case .unsigned(let number): Number(exactly: number)
        default: nil
        }
    }

    /// What the value is, with its article, for messages: "a string", "null".
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .unsigned: "an integer"
        case .decimal: "a number that is no 64-bit integer"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of a key that stands twice the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { $1 })
    }
}
