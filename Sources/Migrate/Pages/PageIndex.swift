/// The pages that the destination holds, by address: 4 bytes a page, in runs, each a number of `contents`.
struct PageIndex: Sendable {
    /// Shared by the page sets of a migration, which follow each other.
    let contents: PageContents
    private var tables: [MemoryID: AddressTable<UInt32>] = [:]

    /// - Parameter contents: those of the set before; a migration begins with none.
    init(_ contents: PageContents = PageContents()) {
        self.contents = contents
    }

    var pages: Int { tables.values.reduce(0) { $0 + $1.count } }

    /// Adds a page. Pages of one memory are added by ascending address.
    mutating func append(_ memory: MemoryID, _ address: UInt64, _ number: UInt32) {
        tables[memory, default: AddressTable()].append(address, number)
    }

    /// Adds pages next to each other.
    mutating func append(_ memory: MemoryID, _ address: UInt64, _ numbers: ArraySlice<UInt32>) {
        tables[memory, default: AddressTable()].append(address, numbers)
    }

    /// What pages next to each other hold, or nil where the destination lacks one of them.
    mutating func numbers(_ memory: MemoryID, _ address: UInt64, count: Int) -> ArraySlice<UInt32>? {
        guard let position = tables.index(forKey: memory) else { return nil }
        return tables.values[position].find(address, count: count)
    }

    /// What the page at `address` holds, or nil where the destination has none.
    mutating func number(_ memory: MemoryID, _ address: UInt64) -> UInt32? {
        guard let position = tables.index(forKey: memory) else { return nil }
        return tables.values[position].find(address)
    }
}
