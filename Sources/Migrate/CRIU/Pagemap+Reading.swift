/// A pagemap as a dump wrote it: besides present pages there are lazy ones, whose contents are still in the process.
struct DumpedPagemap {
    enum Content: Equatable {
        /// In the pages file, at this byte offset.
        case present(offset: Int)
        /// In the memory of the frozen process only.
        case lazy
    }

    struct Entry: Equatable {
        var address: UInt64
        var pages: Int
        var content: Content
    }

    private enum Flag {
        static let parent: UInt64 = 1
        static let present: UInt64 = 4
    }

    /// N of `pages-N.img`.
    let pagesID: UInt64
    private(set) var entries: [Entry] = []

    /// - Throws: `.malformed` where it is no pagemap, or refers to a parent, which our dumps have none of.
    init(_ bytes: [UInt8]) throws(MigrateError) {
        let (id, records) = try PagemapRecord.all(of: bytes)
        pagesID = id
        var offset = 0
        for record in records {
            guard record.flags & Flag.parent == 0 else {
                throw MigrateError(.malformed, "CRIU refers to a parent image that this dump has not")
            }
            if record.flags & Flag.present != 0 {
                entries.append(Entry(address: record.address, pages: record.pages, content: .present(offset: offset)))
                let (end, overflow) = offset.addingReportingOverflow(record.pages * Page.size)
                guard !overflow else { throw MigrateError(.malformed, "a pagemap of CRIU's has too many pages") }
                offset = end
            } else {
                entries.append(Entry(address: record.address, pages: record.pages, content: .lazy))
            }
        }
    }
}

extension Pagemap {
    /// Reads a pagemap that a `CheckpointStore` has written.
    /// - Throws: `.malformed` where it is no pagemap, is out of order, or holds pages that are nowhere.
    init(_ bytes: [UInt8]) throws(MigrateError) {
        let (id, records) = try PagemapRecord.all(of: bytes)
        self.init(pagesID: UInt32(truncatingIfNeeded: id))
        entries.reserveCapacity(records.count)
        for record in records {
            let flags = UInt32(truncatingIfNeeded: record.flags)
            guard let content = Content(rawValue: flags & ~Self.lazyFlag),
                record.address >= entries.last?.end ?? 0
            else { throw MigrateError(.malformed, "a pagemap has entries that are out of order or unknown") }
            entries.append(
                Entry(
                    address: record.address, pages: UInt64(record.pages), content: content,
                    isLazy: flags & Self.lazyFlag != 0))
        }
    }
}

/// An entry of a pagemap image.
private struct PagemapRecord {
    var address: UInt64
    var pages: Int
    var flags: UInt64

    /// N of `pages-N.img`, and the entries in order.
    static func all(of bytes: [UInt8]) throws(MigrateError) -> (pagesID: UInt64, entries: [PagemapRecord]) {
        let records = try ImageFile.records(of: bytes, magic: ImageFile.pagemapMagic)
        guard let head = records.first, let id = try fields(head)[0] else {
            throw MigrateError(.malformed, "a pagemap of CRIU's has no head")
        }
        var entries: [PagemapRecord] = []
        entries.reserveCapacity(records.count)
        for record in records.dropFirst() {
            let fields = try fields(record)
            // Field 5 is the count since CRIU 4; before, field 2 was.
            guard let address = fields[0], let count = fields[4] ?? fields[1], count < 1 << 40,
                address % UInt64(Page.size) == 0,
                !address.addingReportingOverflow(count * UInt64(Page.size)).overflow
            else { throw MigrateError(.malformed, "a pagemap of CRIU's has an impossible entry") }
            // Without flags an entry is present, or in the parent where field 3 says so.
            let flags = fields[3] ?? (fields[2] == 1 ? 1 : 4)
            entries.append(PagemapRecord(address: address, pages: Int(count), flags: flags))
        }
        return (id, entries)
    }

    /// The fields 1 to 5, where they are integers.
    private static func fields(_ record: ArraySlice<UInt8>) throws(MigrateError) -> InlineArray<5, UInt64?> {
        var reader = ProtobufReader(record)
        var fields = InlineArray<5, UInt64?>(repeating: nil)
        while let (number, value) = try reader.next() {
            if (1...5).contains(number), case .varint(let value) = value { fields[Int(number) - 1] = value }
        }
        return fields
    }
}
