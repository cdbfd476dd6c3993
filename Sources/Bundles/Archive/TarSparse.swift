/// The sparse map of the old GNU format: in the header block, continued in blocks of its own.
struct OldSparseMap {
    private(set) var extents: [TarEntry.Extent] = []
    let realSize: Int
    private(set) var continues: Bool

    init(_ block: UnsafeRawBufferPointer) throws(TarReader.Malformed) {
        guard let size = TarHeader(block).number(483, 12), size >= 0 else {
            throw TarReader.Malformed("a sparse file has a bad size")
        }
        realSize = size
        continues = block[482] != 0
        try take(block, from: 386, count: 4)
    }

    mutating func extend(_ block: UnsafeRawBufferPointer) throws(TarReader.Malformed) {
        continues = block[504] != 0
        try take(block, from: 0, count: 21)
        if extents.count > TarReader.mostExtents { throw TarReader.Malformed("a sparse map is too long") }
    }

    private mutating func take(
        _ block: UnsafeRawBufferPointer, from start: Int, count: Int
    ) throws(TarReader.Malformed) {
        let header = TarHeader(block)
        for offset in stride(from: start, to: start + 24 * count, by: 24) where block[offset] != 0 {
            guard let place = header.number(offset, 12), let length = header.number(offset + 12, 12), place >= 0,
                length >= 0
            else { throw TarReader.Malformed("a sparse map is malformed") }
            extents.append(.init(offset: place, count: length))
        }
    }
}

extension PaxHeader {
    /// Versions 0.0 (one record for each number) and 0.1 (all numbers in one record).
    func sparseMap() throws(TarReader.Malformed) -> [TarEntry.Extent] {
        var numbers: [Int?] = []
        if let map = self["GNU.sparse.map"] {
            numbers = map.split(separator: 0x2c).map { Int(String(decoding: $0, as: UTF8.self)) }
        } else {
            for (key, value) in records where key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes" {
                numbers.append(Int(String(decoding: value, as: UTF8.self)))
            }
        }
        var extents: [TarEntry.Extent] = []
        guard numbers.count % 2 == 0 else { throw TarReader.Malformed("a sparse map is malformed") }
        for index in stride(from: 0, to: numbers.count, by: 2) {
            guard let offset = numbers[index], let count = numbers[index + 1], offset >= 0, count >= 0 else {
                throw TarReader.Malformed("a sparse map is malformed")
            }
            extents.append(.init(offset: offset, count: count))
        }
        return extents
    }
}
