/// The records of a pax extended header: `length key=value\n`, keys and values as bytes.
struct PaxHeader {
    /// In the order of the archive; a later record of the same key wins, except where keys repeat by design.
    private(set) var records: [(key: String, value: [UInt8])] = []

    init() {}

    /// - Returns: `nil` if the records are malformed.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        // Some writers pad with zeros.
        while let first = rest.first, first != 0 {
            guard let space = rest.prefix(20).firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0,
                length <= rest.count, rest[rest.startIndex + length - 1] == 0x0a
            else { return nil }
            let end = rest.startIndex + length
            guard space + 1 < end, let equals = rest[(space + 1)..<(end - 1)].firstIndex(of: 0x3d) else { return nil }
            // A key that is not UTF-8 is none that we know.
            let key = String(decoding: rest[(space + 1)..<equals], as: UTF8.self)
            records.append((key, Array(rest[(equals + 1)..<(end - 1)])))
            rest = rest[end...]
        }
    }

    /// This header's records, where `self` has none of the same key those of `global`.
    func over(_ global: PaxHeader) -> PaxHeader {
        if global.records.isEmpty { return self }
        let own = Set(records.map(\.key))
        var merged = self
        merged.records = global.records.filter { !own.contains($0.key) } + records
        return merged
    }

    subscript(key: String) -> [UInt8]? { records.last { $0.key == key }?.value }

    /// A decimal number, possibly negative.
    /// - Throws: if there is a value that is none.
    func number(_ key: String) throws(TarReader.Malformed) -> Int? {
        guard let value = self[key], !value.isEmpty else { return nil }
        guard let number = Int(String(decoding: value, as: UTF8.self)) else {
            throw TarReader.Malformed("its pax header has a bad \(key)")
        }
        return number
    }

    /// A time, in seconds with an optional fraction, possibly negative.
    func time(_ key: String) throws(TarReader.Malformed) -> (seconds: Int, nanoseconds: Int)? {
        guard let value = self[key], !value.isEmpty else { return nil }
        let text = String(decoding: value, as: UTF8.self)
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let whole = Int(parts[0]), fraction.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw TarReader.Malformed("its pax header has a bad \(key)")
        }
        let digits = fraction.prefix(9)
        let nanoseconds = (Int(digits) ?? 0) * (0..<(9 - digits.count)).reduce(1) { power, _ in power * 10 }
        if nanoseconds > 0, text.hasPrefix("-") { return (whole - 1, 1_000_000_000 - nanoseconds) }
        return (whole, nanoseconds)
    }

    /// Extended attributes: star's and docker's `SCHILY.xattr.`, and libarchive's own with their encoding undone.
    func attributes() throws(TarReader.Malformed) -> [(name: [UInt8], value: [UInt8])] {
        var found: [(name: [UInt8], value: [UInt8])] = []
        func add(_ name: [UInt8], _ value: [UInt8]) {
            found.removeAll { $0.name == name }
            found.append((name, value))
        }
        // libarchive writes both forms; the plain one is exact, so it comes last.
        for (key, value) in records where key.hasPrefix("LIBARCHIVE.xattr.") {
            guard let name = percentDecoded(key.utf8.dropFirst("LIBARCHIVE.xattr.".utf8.count)),
                let decoded = Base64.decode(value)
            else { throw TarReader.Malformed("its pax header has a bad \(key)") }
            add(name, decoded)
        }
        for (key, value) in records where key.hasPrefix("SCHILY.xattr.") {
            add(Array(key.utf8.dropFirst("SCHILY.xattr.".utf8.count)), value)
        }
        return found
    }
}

private func percentDecoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    var bytes = text.makeIterator()
    while let byte = bytes.next() {
        if byte != 0x25 {
            decoded.append(byte)
            continue
        }
        guard let high = bytes.next(), let low = bytes.next(),
            let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
        else { return nil }
        decoded.append(value)
    }
    return decoded
}
