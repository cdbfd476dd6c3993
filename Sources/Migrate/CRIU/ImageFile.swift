/// The frame of a CRIU image: two magic numbers, then records of a length and a protobuf message.
///
/// Source: CRIU `include/magic.h` and `image.c`.
enum ImageFile {
    /// The first word of every image but the inventory.
    static let commonMagic: UInt32 = 0x5456_4319
    static let pagemapMagic: UInt32 = 0x5608_4025
    static let memoryMagic: UInt32 = 0x5749_2820

    /// The records of an image.
    /// - Throws: `.malformed` where a magic number or a length is wrong.
    static func records(
        of bytes: [UInt8], magic: UInt32
    ) throws(MigrateError) -> [ArraySlice<UInt8>] {
        var rest = bytes[...]
        guard try word(&rest) == commonMagic, try word(&rest) == magic else {
            throw MigrateError(.malformed, "not a CRIU image of the expected kind (magic number)")
        }
        var records: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            let size = Int(try word(&rest))
            guard size <= rest.count else { throw MigrateError(.malformed, "a CRIU image is cut off") }
            records.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return records
    }

    static func bytes(of records: [[UInt8]], magic: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        append(commonMagic, to: &bytes)
        append(magic, to: &bytes)
        for record in records {
            append(UInt32(record.count), to: &bytes)
            bytes += record
        }
        return bytes
    }

    static func append(_ word: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func word(_ rest: inout ArraySlice<UInt8>) throws(MigrateError) -> UInt32 {
        guard rest.count >= 4 else { throw MigrateError(.malformed, "a CRIU image is cut off") }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
