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
        static let lazy: UInt64 = 2
        static let present: UInt64 = 4
    }

    /// N of `pages-N.img`.
    let pagesID: UInt64
    private(set) var entries: [Entry] = []

    /// - Throws: `.malformed` where it is no pagemap, or refers to a parent, which our dumps have none of.
    init(_ bytes: [UInt8]) throws(MigrateError) {
        let records = try ImageFile.records(of: bytes, magic: ImageFile.pagemapMagic)
        guard let head = records.first, let id = try Self.fields(head)[1] else {
            throw MigrateError(.malformed, "a pagemap of CRIU's has no head")
        }
        pagesID = id
        var offset = 0
        for record in records.dropFirst() {
            let fields = try Self.fields(record)
            // Field 5 is the count since CRIU 4; before, field 2 was.
            guard let address = fields[1], let count = fields[5] ?? fields[2], count < 1 << 40,
                address % UInt64(Page.size) == 0,
                !address.addingReportingOverflow(count * UInt64(Page.size)).overflow
            else { throw MigrateError(.malformed, "a pagemap of CRIU's has an impossible entry") }
            // Without flags an entry is present, or in the parent where field 3 says so.
            let flags = fields[4] ?? (fields[3] == 1 ? Flag.parent : Flag.present)
            guard flags & Flag.parent == 0 else {
                throw MigrateError(.malformed, "CRIU refers to a parent image that this dump has not")
            }
            if flags & Flag.present != 0 {
                entries.append(Entry(address: address, pages: Int(count), content: .present(offset: offset)))
                let (end, overflow) = offset.addingReportingOverflow(Int(count) * Page.size)
                guard !overflow else { throw MigrateError(.malformed, "a pagemap of CRIU's has too many pages") }
                offset = end
            } else {
                entries.append(Entry(address: address, pages: Int(count), content: .lazy))
            }
        }
    }

    private static func fields(_ record: ArraySlice<UInt8>) throws(MigrateError) -> [UInt64: UInt64] {
        var reader = ProtobufReader(record)
        var fields: [UInt64: UInt64] = [:]
        while let (number, value) = try reader.next() {
            if case .varint(let value) = value { fields[number] = value }
        }
        return fields
    }
}
