/// Reads a tar archive from a stream, entry by entry: v7, ustar, GNU (long names, sparse files) and pax.
///
/// Names stay the bytes that they are; libarchive would re-encode and normalise them. Where headers disagree there is
/// one truth: pax over GNU over ustar, and only regular files have data. Memory is bounded whatever the input says.
final class TarReader {
    /// What is wrong with an entry; becomes a `BundleError` with the archive's name and the place.
    struct Malformed: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// pax headers hold all of an entry's extended attributes; the kernel allows 64 KiB for each.
    static let longestPaxHeader = 4 << 20
    /// Twice the kernel's PATH_MAX, so that the refusal comes from where the name is used and can show it.
    static let longestName = 8 << 10
    static let mostExtents = 1 << 20

    private let archive: String
    private var cursor: ChunkCursor
    private var global = PaxHeader()
    private var entries = 0
    private var current = TarEntry()
    /// What the archive holds of the current entry and has not been taken yet, and the padding behind it.
    private var dataLeft = 0
    private var padding = 0
    private let isPlain: Bool

    /// - Parameters:
    ///   - archive: for messages.
    ///   - isPlain: refuse an archive that ends without its mark or has no entries. Without a digest nothing else tells
    ///     that it was cut at the end of an entry, or is no archive.
    init(_ source: any ChunkSource, archive: String, isPlain: Bool) {
        self.archive = archive
        self.isPlain = isPlain
        cursor = ChunkCursor(source)
    }

    /// Where in the stream the current entry's data begins.
    var dataOffset: Int { cursor.offset }

    /// The next entry, or `nil` at the end. Data of the entry before that was not taken is skipped.
    func next() throws -> TarEntry? {
        do {
            return try readEntry()
        } catch let malformed as Malformed {
            throw describe(malformed)
        }
    }

    private func describe(_ malformed: Malformed) -> BundleError {
        if entries == 0, cursor.offset <= TarHeader.size {
            return BundleError(.badArchive, "\(archive) is no tar archive: \(malformed.reason)")
        }
        return BundleError(
            .badArchive, "\(archive) is damaged or cut short at byte \(cursor.offset): \(malformed.reason)")
    }

    private func readEntry() throws -> TarEntry? {
        try skipData()
        var pax = PaxHeader()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        while true {
            var type: UInt8 = 0
            var size = 0
            var ended = false
            var extents: OldSparseMap?
            try cursor.exactly(TarHeader.size) { block in
                let header = TarHeader(block)
                if block.isEmpty {
                    if isPlain {
                        throw Malformed(entries == 0 ? "it is empty" : "it has no end-of-archive mark")
                    }
                    ended = true
                    return
                }
                if block.count < TarHeader.size { throw Malformed("the last header is not whole") }
                if header.isZero {
                    ended = true
                    return
                }
                if !header.checksumIsRight { throw Malformed("a header's checksum is wrong") }
                guard let stored = header.number(124, 12), stored >= 0, stored < 1 << 60 else {
                    throw Malformed("a header has a bad size")
                }
                type = header.type
                size = stored
                switch UnicodeScalar(type) {
                case "x", "X", "g", "L", "K": break
                default:
                    current = try Self.entry(header)
                    if UnicodeScalar(type) == "S" { extents = try OldSparseMap(block) }
                }
            }
            if ended {
                try finish()
                return nil
            }
            switch UnicodeScalar(type) {
            case "x", "X":
                guard let records = PaxHeader(try readBlob(size, limit: Self.longestPaxHeader, "pax header")) else {
                    throw Malformed("a pax header is malformed")
                }
                pax = records
            case "g":
                guard let records = PaxHeader(try readBlob(size, limit: Self.longestPaxHeader, "pax header")) else {
                    throw Malformed("a global pax header is malformed")
                }
                // What names or measures an entry cannot be the same for all of them.
                for key in ["path", "linkpath", "size"] where records[key] != nil {
                    throw Malformed("a global pax header sets '\(key)'")
                }
                global = records.over(global)
            case "L":
                longName = try readBlob(size, limit: Self.longestName, "long name").withoutTrailingZeros
            case "K":
                longLink = try readBlob(size, limit: Self.longestName, "long link target").withoutTrailingZeros
            default:
                if let longName { current.path = longName }
                if let longLink { current.linkTarget = longLink }
                try complete(size: size, pax: pax.over(global), old: extents)
                entries += 1
                return current
            }
        }
    }

    /// What the header block itself says.
    private static func entry(_ header: TarHeader) throws -> TarEntry {
        var entry = TarEntry()
        entry.path = header.path
        entry.linkTarget = header.linkTarget
        switch UnicodeScalar(header.type) {
        case "0", "\0", "7", "S": entry.kind = entry.path.last == 0x2f ? .directory : .file
        case "1": entry.kind = .hardlink
        case "2": entry.kind = .symlink
        case "3": entry.kind = .characterDevice
        case "4": entry.kind = .blockDevice
        case "5": entry.kind = .directory
        case "6": entry.kind = .fifo
        case let other: throw Malformed("entry '\(entry.name)' has the unknown type '\(other.escaped(asASCII: true))'")
        }
        guard let mode = header.number(100, 8), let user = header.number(108, 8), let group = header.number(116, 8),
            let seconds = header.number(136, 12)
        else { throw Malformed("the header of '\(entry.name)' has a bad number") }
        entry.mode = UInt32(truncatingIfNeeded: mode) & 0o7777
        entry.user = try id(user)
        entry.group = try id(group)
        entry.seconds = seconds
        if entry.kind == .characterDevice || entry.kind == .blockDevice {
            guard let major = header.number(329, 8).flatMap(UInt32.init(exactly:)),
                let minor = header.number(337, 8).flatMap(UInt32.init(exactly:))
            else { throw Malformed("the device '\(entry.name)' has a bad number") }
            entry.deviceMajor = major
            entry.deviceMinor = minor
        }
        return entry
    }

    /// An owner: anything but -1, which chown(2) takes for "leave it".
    private static func id(_ number: Int) throws(Malformed) -> UInt32 {
        guard let id = UInt32(exactly: number), id != .max else { throw Malformed("\(number) is no owner's id") }
        return id
    }

    /// What pax adds to the header block, and where the data is.
    private func complete(size stored: Int, pax: PaxHeader, old: OldSparseMap?) throws {
        var size = stored
        if let path = pax["path"] { current.path = path }
        if let target = pax["linkpath"] { current.linkTarget = target }
        if let seconds = try pax.time("mtime") { (current.seconds, current.nanoseconds) = seconds }
        if let user = try pax.number("uid") { current.user = try Self.id(user) }
        if let group = try pax.number("gid") { current.group = try Self.id(group) }
        if let number = try pax.number("size") { size = number }
        if let number = try pax.number("SCHILY.devmajor") { current.deviceMajor = UInt32(clamping: number) }
        if let number = try pax.number("SCHILY.devminor") { current.deviceMinor = UInt32(clamping: number) }
        current.attributes = try pax.attributes()
        for name in [current.path, current.linkTarget] where name.count > Self.longestName {
            throw Malformed("a name of \(name.count) bytes")
        }
        if current.path.contains(0) || current.linkTarget.contains(0) { throw Malformed("a name holds a zero byte") }
        guard (0..<1 << 60).contains(size) else { throw Malformed("'\(current.name)' has a bad size") }
        // Some writers give the size of what is linked; there is no data behind anything but a file.
        if current.kind != .file { size = 0 }
        current.size = size
        dataLeft = size
        padding = (TarHeader.size - size % TarHeader.size) % TarHeader.size
        if current.kind == .file { try readSparseMap(pax, old) }
    }

    /// A short blob that describes the entry behind it.
    private func readBlob(_ count: Int, limit: Int, _ what: String) throws -> [UInt8] {
        if count > limit { throw Malformed("a \(what) of \(count) bytes; at most \(limit) are taken") }
        let bytes = try cursor.exactly(count) { Array($0) }
        guard bytes.count == count, try cursor.skip((TarHeader.size - count % TarHeader.size) % TarHeader.size)
        else { throw Malformed("a \(what) is not whole") }
        return bytes
    }

    /// After the end mark: the rest is read too, so that the compression's own checks are made.
    private func finish() throws {
        while !(try cursor.some(limit: .max)).isEmpty {}
        if entries == 0, isPlain { throw BundleError(.badArchive, "\(archive) holds no files") }
    }
}

extension TarReader {
    /// Hands the current entry's data to `body`, in pieces, each with its place in the file.
    func readData(_ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
        do {
            for extent in current.extents ?? [TarEntry.Extent(offset: 0, count: current.size)] {
                var done = 0
                while done < extent.count {
                    let piece = try cursor.some(limit: extent.count - done)
                    if piece.isEmpty { throw Malformed("the data of '\(current.name)' is not whole") }
                    dataLeft -= piece.count
                    try body(extent.offset + done, piece)
                    done += piece.count
                }
            }
        } catch let malformed as Malformed {
            throw describe(malformed)
        }
    }

    private func skipData() throws {
        let count = dataLeft + padding
        dataLeft = 0
        padding = 0
        if count > 0, try !cursor.skip(count) { throw Malformed("the data of '\(current.name)' is not whole") }
    }

    /// Finds out where a sparse file's data goes: old GNU, or pax 0.0, 0.1 and 1.0.
    private func readSparseMap(_ pax: PaxHeader, _ old: OldSparseMap?) throws {
        var extents: [TarEntry.Extent]
        let realSize: Int
        if var old {
            while old.continues {
                let whole = try cursor.exactly(TarHeader.size) { block in
                    guard block.count == TarHeader.size else { return false }
                    try old.extend(block)
                    return true
                }
                if !whole { throw Malformed("the sparse map of '\(current.name)' is not whole") }
            }
            (extents, realSize) = (old.extents, old.realSize)
        } else if let major = try pax.number("GNU.sparse.major") {
            guard major == 1, try pax.number("GNU.sparse.minor") == 0,
                let size = try pax.number("GNU.sparse.realsize")
            else { throw Malformed("'\(current.name)' has a sparse map of an unknown version") }
            if let name = pax["GNU.sparse.name"] { current.path = name }
            (extents, realSize) = (try readMapInData(), size)
        } else if let size = try pax.number("GNU.sparse.size") {
            if let name = pax["GNU.sparse.name"] { current.path = name }
            (extents, realSize) = (try pax.sparseMap(), size)
        } else {
            return
        }
        extents.removeAll { $0.count == 0 }
        var end = 0
        for extent in extents {
            guard extent.offset >= end, extent.count <= 1 << 60, extent.offset <= 1 << 60 else {
                throw Malformed("the sparse map of '\(current.name)' is not in order")
            }
            end = extent.offset + extent.count
        }
        guard end <= realSize, realSize < 1 << 60, extents.reduce(0, { $0 + $1.count }) == dataLeft else {
            throw Malformed("the sparse map of '\(current.name)' does not fit its size")
        }
        current.extents = extents
        current.size = realSize
    }

    /// pax 1.0: decimal numbers, a line each, at the front of the data, padded to whole blocks.
    private func readMapInData() throws -> [TarEntry.Extent] {
        var numbers: [Int] = []
        var wanted = 1
        var digits: [UInt8] = []
        while numbers.count < wanted {
            guard dataLeft >= TarHeader.size else {
                throw Malformed("the sparse map of '\(current.name)' is not whole")
            }
            try cursor.exactly(TarHeader.size) { block in
                if block.count < TarHeader.size {
                    throw Malformed("the sparse map of '\(current.name)' is not whole")
                }
                for byte in block where numbers.count < wanted {
                    if byte != 0x0a {
                        digits.append(byte)
                        if digits.count > 20 { throw Malformed("the sparse map of '\(current.name)' is malformed") }
                        continue
                    }
                    guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0 else {
                        throw Malformed("the sparse map of '\(current.name)' is malformed")
                    }
                    digits = []
                    numbers.append(number)
                    if numbers.count == 1 {
                        if number > Self.mostExtents {
                            throw Malformed("the sparse map of '\(current.name)' is too long")
                        }
                        wanted = 1 + 2 * number
                    }
                }
            }
            dataLeft -= TarHeader.size
        }
        return stride(from: 1, to: wanted, by: 2).map { .init(offset: numbers[$0], count: numbers[$0 + 1]) }
    }
}

extension [UInt8] {
    fileprivate var withoutTrailingZeros: [UInt8] {
        Array(prefix { $0 != 0 })
    }
}
