/// A CRIU pagemap: which pages of a process or a shared memory object there are, and where their contents lie.
///
/// Source: CRIU `images/pagemap.proto`, `criu/pagemap.c`.
struct Pagemap: Equatable {
    /// What an entry's pages are.
    enum Content: UInt32 {
        /// The contents are in the parent image folder.
        case parent = 1
        /// The contents are in the pages file, at the sum of the present pages before.
        case present = 4
    }

    /// CRIU's `PE_LAZY`.
    static let lazyFlag: UInt32 = 2

    /// A run of pages.
    struct Entry: Equatable {
        /// The address of the first page; a byte offset for shared memory.
        var address: UInt64
        var pages: UInt64
        var content: Content
        /// A lazy restore leaves these pages to somebody else; any other restore does not look at this.
        var isLazy = false

        var end: UInt64 { address + pages * UInt64(Page.size) }
    }

    /// N of the `pages-N.img` that holds the contents.
    var pagesID: UInt32
    var entries: [Entry] = []

    init(pagesID: UInt32) {
        self.pagesID = pagesID
    }

    /// Adds a run, joined to the last one where it goes on from there.
    mutating func append(_ entry: Entry) {
        if let last = entries.last, last.end == entry.address, last.content == entry.content,
            last.isLazy == entry.isLazy
        {
            entries[entries.count - 1].pages += entry.pages
        } else {
            entries.append(entry)
        }
    }

    /// The image file's bytes.
    var encoded: [UInt8] {
        var head = ProtobufWriter()
        head.field(1, UInt64(pagesID))
        var records = [head.bytes]
        for entry in entries {
            var record = ProtobufWriter()
            record.field(1, entry.address)
            // A required field that newer CRIU ignores when nr_pages is there; older ones hold 32 bits only.
            record.field(2, UInt64(UInt32(truncatingIfNeeded: entry.pages)))
            if entry.content == .parent { record.field(3, 1) }
            record.field(4, UInt64(entry.content.rawValue | (entry.isLazy ? Self.lazyFlag : 0)))
            record.field(5, entry.pages)
            records.append(record.bytes)
        }
        return ImageFile.bytes(of: records, magic: ImageFile.pagemapMagic)
    }
}
