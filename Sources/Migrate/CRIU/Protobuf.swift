/// The subset of protobuf's wire format that CRIU's images use: varints, length-delimited fields, skipping the rest.
///
/// CRIU's messages are few and stable, and two of them hold a field per page: a reader over the bytes, without
/// intermediate objects, serves them better than a general library.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
        case skipped
    }

    private var rest: ArraySlice<UInt8>
    /// The bytes of the field that was read last, key and value.
    private(set) var last: ArraySlice<UInt8> = []

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next field, or nil at the end of the message.
    mutating func next() throws(MigrateError) -> (field: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let before = rest
        let field = try readField()
        last = before[..<rest.startIndex]
        return field
    }

    private mutating func readField() throws(MigrateError) -> (field: UInt64, value: Value) {
        let key = try varint()
        switch key & 7 {
        case 0: return (key >> 3, .varint(try varint()))
        case 1:
            _ = try take(8)
            return (key >> 3, .skipped)
        case 2: return (key >> 3, .bytes(try take(try varint())))
        case 5:
            _ = try take(4)
            return (key >> 3, .skipped)
        default: throw MigrateError(.malformed, "a CRIU image has a field of unknown wire type \(key & 7)")
        }
    }

    /// The next one of integers that are packed into a field, or nil at their end.
    mutating func packedVarint() throws(MigrateError) -> UInt64? {
        rest.isEmpty ? nil : try varint()
    }

    private mutating func varint() throws(MigrateError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw MigrateError(.malformed, "a CRIU image has an integer that is cut off or too long")
    }

    private mutating func take(_ count: UInt64) throws(MigrateError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else {
            throw MigrateError(.malformed, "a CRIU image has a field that is longer than its record")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}

/// Appends protobuf fields to a byte array.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func field(_ number: UInt64, _ value: UInt64) {
        varint(number << 3)
        varint(value)
    }

    mutating func field(_ number: UInt64, _ content: [UInt8]) {
        varint(number << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    /// Appends a field as it was read.
    mutating func copy(_ field: ArraySlice<UInt8>) { bytes += field }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
