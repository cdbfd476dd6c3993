/// The hashes of the pages that the destination holds, by address: 16 bytes a page, in runs.
struct PageIndex: Sendable {
    private var tables: [MemoryID: AddressTable<PageHash>] = [:]

    var pages: Int { tables.values.reduce(0) { $0 + $1.count } }

    /// Adds a page. Pages of one memory are added by ascending address.
    mutating func append(_ memory: MemoryID, _ address: UInt64, _ hash: PageHash) {
        tables[memory, default: AddressTable()].append(address, hash)
    }

    /// The hash of the page at `address`, or nil where the destination has none.
    mutating func hash(_ memory: MemoryID, _ address: UInt64) -> PageHash? {
        guard let position = tables.index(forKey: memory) else { return nil }
        return tables.values[position].find(address)
    }
}
