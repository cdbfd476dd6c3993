/// An object of a specification: stored optional properties, and everything else it was read with.
///
/// One static table of fields drives decoding, encoding, editing by path, and validation.
public protocol SpecObject: SpecValue, Hashable {
    /// An object without members.
    init()
    /// Every member that the specification knows.
    static var fields: [SpecField<Self>] { get }
    /// Where the specification describes the object, as `document.md, heading`.
    static var section: String { get }
    /// Members that are not in the table, and members that are explicitly null.
    var extra: [String: JSONValue] { get set }
}

extension SpecObject {
    /// Decodes the members of the table into properties and keeps all others.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: JSONKey.self)
        let table = Self.shape.fields
        for key in container.allKeys {
            if let index = table[key.stringValue], try !container.decodeNil(forKey: key) {
                try Self.fields[index].decode(&self, container, key)
            } else {
                extra[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
            }
        }
    }

    /// Encodes the properties that are set, then what is extra; a property wins over an extra of its key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: JSONKey.self)
        for (key, value) in extra { try container.encode(value, forKey: JSONKey(key)) }
        for field in Self.fields { try field.encode(self, &container) }
    }

    /// An object whose members `configure` sets.
    public init(_ configure: (inout Self) -> Void) {
        self.init()
        configure(&self)
    }

    /// The object's type as a kind of value.
    public static var kind: SpecKind { .object(Self.self) }

    static var shape: SpecShape { SpecShape.of(Self.self) }
}

/// A member of a specification's object.
///
/// `Owner` is not held to be a ``SpecObject``: the runtime would look that conformance up among all of the program's, once
/// for each type, which took longer than to check a configuration.
public struct SpecField<Owner>: Sendable {
    /// Its name in JSON.
    public let key: String
    /// Which values it takes.
    public let kind: SpecKind
    /// What the specification says about it beyond its type.
    public let rule: SpecFieldRule

    let decode: @Sendable (inout Owner, KeyedDecodingContainer<JSONKey>, JSONKey) throws -> Void
    let encode: @Sendable (Owner, inout KeyedEncodingContainer<JSONKey>) throws -> Void

    /// A member that is stored in the property at `path`.
    /// - Parameters:
    ///   - key: its name in JSON.
    ///   - path: the property.
    ///   - rule: what the specification says about it beyond its type.
    public init<Value: SpecValue>(
        _ key: String, _ path: any WritableKeyPath<Owner, Value?> & Sendable, _ rule: SpecFieldRule = SpecFieldRule()
    ) {
        self.key = key
        self.kind = Value.kind
        self.rule = rule
        decode = { owner, container, key in owner[keyPath: path] = try container.decode(Value.self, forKey: key) }
        encode = { owner, container in
            if let value = owner[keyPath: path] { try container.encode(value, forKey: JSONKey(key)) }
        }
    }
}

/// What a specification says about a member beyond its type.
public struct SpecFieldRule: Sendable, Hashable {
    /// The member must be there.
    public var isRequired = false
    /// The only strings allowed, for the member or for each of its elements; empty when any is.
    public var values: [String] = []
    /// The largest number allowed where it is below its type's.
    public var maximum: UInt64?

    /// No rule.
    public init() {}

    /// The member must be there.
    public static let required = SpecFieldRule().requiring()

    /// Only these strings are allowed.
    public static func oneOf(_ values: [String]) -> SpecFieldRule {
        var rule = SpecFieldRule()
        rule.values = values
        return rule
    }

    /// No number above `maximum` is allowed.
    public static func upTo(_ maximum: UInt64) -> SpecFieldRule {
        var rule = SpecFieldRule()
        rule.maximum = maximum
        return rule
    }

    /// The same, and required.
    public func requiring() -> SpecFieldRule {
        var rule = self
        rule.isRequired = true
        return rule
    }
}
