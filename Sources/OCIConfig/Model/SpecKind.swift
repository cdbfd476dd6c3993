/// Which values a member takes.
public indirect enum SpecKind: Sendable {
    /// `true` or `false`.
    case bool
    /// A whole number of a range.
    case integer(minimum: Int64, maximum: UInt64)
    /// A string.
    case string
    /// An array.
    case array(SpecKind)
    /// An object with any keys.
    case map(SpecKind)
    /// An object of a specification.
    case object(any SpecObject.Type)
    /// Any value.
    case any

    /// What is expected, as messages say it.
    public var expectation: String {
        switch self {
        case .bool: "true or false"
        case .integer(let minimum, let maximum): "an integer from \(minimum) to \(maximum)"
        case .string: "a string"
        case .array(.string): "an array of strings"
        case .array(.object): "an array of objects"
        case .array: "an array"
        case .map(.string): "an object of strings"
        case .map, .object: "an object"
        case .any: "any value"
        }
    }
}

/// A type that a member of a specification's object can have.
public protocol SpecValue: Codable, Sendable {
    /// Which values the type takes.
    static var kind: SpecKind { get }
}

extension Bool: SpecValue {
    /// `true` or `false`.
    public static var kind: SpecKind { .bool }
}

extension String: SpecValue {
    /// A string.
    public static var kind: SpecKind { .string }
}

extension SpecValue where Self: FixedWidthInteger {
    /// The type's range.
    public static var kind: SpecKind { .integer(minimum: Int64(Self.min), maximum: UInt64(Self.max)) }
}

extension UInt8: SpecValue {}
extension UInt16: SpecValue {}
extension Int32: SpecValue {}
extension UInt32: SpecValue {}
extension Int64: SpecValue {}
extension UInt64: SpecValue {}

extension Array: SpecValue where Element: SpecValue {
    /// An array of the element's kind.
    public static var kind: SpecKind { .array(Element.kind) }
}

extension Dictionary: SpecValue where Key == String, Value: SpecValue {
    /// An object of the value's kind.
    public static var kind: SpecKind { .map(Value.kind) }
}

extension JSONValue: SpecValue {
    /// Any value.
    public static var kind: SpecKind { .any }
}
