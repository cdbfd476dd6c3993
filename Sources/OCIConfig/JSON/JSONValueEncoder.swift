/// Encodes any `Encodable` into a ``JSONValue``.
struct JSONValueEncoder: Encoder {
    /// Where one value grows. Containers are values that share it.
    final class Storage {
        var value = JSONValue.null
        var members: [String: JSONValue]?
        var elements: [JSONValue]?
        /// Containers that were asked for and are filled later.
        var openMembers: [String: Storage] = [:]
        var openElements: [Int: Storage] = [:]

        var finished: JSONValue {
            if var members {
                for (key, storage) in openMembers { members[key] = storage.finished }
                return .object(members)
            }
            if var elements {
                for (index, storage) in openElements { elements[index] = storage.finished }
                return .array(elements)
            }
            return value
        }
    }

    let storage = Storage()
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if storage.members == nil { storage.members = [:] }
        return KeyedEncodingContainer(KeyedContainer<Key>(storage: storage, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if storage.elements == nil { storage.elements = [] }
        return UnkeyedContainer(storage: storage, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleContainer(storage: storage, codingPath: codingPath)
    }

    /// Scalars directly, everything else through its own `encode(to:)`.
    static func encode(_ value: some Encodable, at path: [any CodingKey]) throws -> JSONValue {
        if let scalar = scalarType(type(of: value)), let json = try scalar.json(of: value) { return json }
        if let value = value as? JSONValue { return value }
        let encoder = JSONValueEncoder(codingPath: path)
        try value.encode(to: encoder)
        return encoder.storage.finished
    }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let storage: JSONValueEncoder.Storage
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { storage.members?[key.stringValue] = .null }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        storage.members?[key.stringValue] = try JSONValueEncoder.encode(value, at: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { JSONValueEncoder(codingPath: codingPath) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: Key) -> JSONValueEncoder {
        let encoder = JSONValueEncoder(codingPath: codingPath + [key])
        storage.openMembers[key.stringValue] = encoder.storage
        return encoder
    }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let storage: JSONValueEncoder.Storage
    let codingPath: [any CodingKey]
    var count: Int { storage.elements?.count ?? 0 }

    func encodeNil() { storage.elements?.append(.null) }

    func encode(_ value: some Encodable) throws {
        let path = codingPath + [JSONKey(intValue: count)]
        storage.elements?.append(try JSONValueEncoder.encode(value, at: path))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> JSONValueEncoder {
        let encoder = JSONValueEncoder(codingPath: codingPath + [JSONKey(intValue: count)])
        storage.openElements[count] = encoder.storage
        storage.elements?.append(.null)
        return encoder
    }
}

private struct SingleContainer: SingleValueEncodingContainer {
    let storage: JSONValueEncoder.Storage
    let codingPath: [any CodingKey]

    func encodeNil() { storage.value = .null }

    func encode(_ value: some Encodable) throws {
        storage.value = try JSONValueEncoder.encode(value, at: codingPath)
    }
}
