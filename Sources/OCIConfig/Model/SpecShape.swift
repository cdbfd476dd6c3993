internal import Synchronization

/// The fields of an object's type, without the type: what editing by path and validation walk along.
struct SpecShape: Sendable {
    struct Field: Sendable {
        let key: String
        let kind: SpecKind
        let rule: SpecFieldRule
    }

    let section: String
    let list: [Field]
    /// The index in `list` of each key.
    let fields: [String: Int]

    subscript(key: String) -> Field? {
        fields[key].map { list[$0] }
    }

    private init<Object: SpecObject>(building type: Object.Type) {
        section = type.section
        list = type.fields.map { Field(key: $0.key, kind: $0.kind, rule: $0.rule) }
        fields = Dictionary(uniqueKeysWithValues: list.enumerated().map { ($1.key, $0) })
    }

    private static let cache = Mutex<[ObjectIdentifier: SpecShape]>([:])

    /// The shape of a type, built at its first use.
    static func of<Object: SpecObject>(_ type: Object.Type) -> SpecShape {
        let identity = ObjectIdentifier(type)
        if let known = cache.withLock({ $0[identity] }) { return known }
        let shape = SpecShape(building: type)
        cache.withLock { $0[identity] = shape }
        return shape
    }
}
