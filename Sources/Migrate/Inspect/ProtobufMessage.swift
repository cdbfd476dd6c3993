/// The fields of one message, by number. Nothing is unpacked ahead: a lookup walks the message's bytes, so a hostile one
/// costs no more memory than it has bytes.
struct ProtobufMessage {
    private static let repeatLimit = 4 << 20

    private let bytes: ArraySlice<UInt8>

    /// - Throws: where the bytes are no message.
    init(_ bytes: ArraySlice<UInt8>) throws(MigrateError) {
        self.bytes = bytes
        var reader = ProtobufReader(bytes)
        while try reader.next() != nil {}
    }

    /// The last value counts, as protobuf has it.
    private func last(_ field: UInt64) throws -> ProtobufReader.Value? {
        var found: ProtobufReader.Value?
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            if number == field { found = value }
        }
        return found
    }

    func number(_ field: UInt64) throws -> UInt64? {
        guard case .varint(let value) = try last(field) else { return nil }
        return value
    }

    func required(_ field: UInt64, _ name: String) throws -> UInt64 {
        guard let value = try number(field) else { throw MigrateError(.malformed, "a record has no \(name)") }
        return value
    }

    /// A number that has to fit 32 bits: ids, pids, flags.
    func required32(_ field: UInt64, _ name: String) throws -> UInt32 {
        guard let value = UInt32(exactly: try required(field, name)) else {
            throw MigrateError(.malformed, "a record has an impossible \(name)")
        }
        return value
    }

    func bool(_ field: UInt64) throws -> Bool? {
        try number(field).map { $0 != 0 }
    }

    /// The numbers of a repeated field, packed or not.
    func numbers(_ field: UInt64) throws -> [UInt64] {
        var numbers: [UInt64] = []
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            guard number == field else { continue }
            switch value {
            case .varint(let value): numbers.append(value)
            case .bytes(let packed):
                var packed = ProtobufReader(packed)
                while let value = try packed.packedVarint() { numbers.append(value) }
            case .skipped: break
            }
            guard numbers.count <= Self.repeatLimit else {
                throw MigrateError(.malformed, "a record has more than \(Self.repeatLimit) numbers in one field")
            }
        }
        return numbers
    }

    func bytes(_ field: UInt64) throws -> ArraySlice<UInt8>? {
        guard case .bytes(let value) = try last(field) else { return nil }
        return value
    }

    func text(_ field: UInt64) throws -> String? {
        try bytes(field).map { String(decoding: $0, as: UTF8.self) }
    }

    func texts(_ field: UInt64, _ body: (String) throws -> Void) throws {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let bytes) = value { try body(String(decoding: bytes, as: UTF8.self)) }
        }
    }

    func message(_ field: UInt64) throws -> ProtobufMessage? {
        guard let bytes = try bytes(field) else { return nil }
        return try ProtobufMessage(bytes)
    }

    func messages(_ field: UInt64, _ body: (ProtobufMessage) throws -> Void) throws {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let bytes) = value { try body(ProtobufMessage(bytes)) }
        }
    }
}
