/// The hashes of the pages that the destination holds, by address: 16 bytes a page, in runs.
struct PageIndex: Sendable {
    private var tables: [MemoryID: Table] = [:]

    var pages: Int { tables.values.reduce(0) { $0 + $1.hashes.count } }

    /// Adds a page. Pages of one memory are added by ascending address.
    mutating func append(_ memory: MemoryID, _ address: UInt64, _ hash: PageHash) {
        tables[memory, default: Table()].append(address, hash)
    }

    /// The hash of the page at `address`, or nil where the destination has none.
    mutating func hash(_ memory: MemoryID, _ address: UInt64) -> PageHash? {
        guard let position = tables.index(forKey: memory) else { return nil }
        return tables.values[position].find(address)
    }

    private struct Run: Sendable {
        var address: UInt64
        /// Position of the first page's hash.
        var offset: Int
        var count: Int
    }

    private struct Table: Sendable {
        var runs: [Run] = []
        var hashes: [PageHash] = []
        /// Where the last look-up ended: addresses come in ascending order, so the next is there or right behind.
        var hint = 0

        mutating func append(_ address: UInt64, _ hash: PageHash) {
            if let last = runs.last, last.address + UInt64(last.count * Page.size) == address {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(address: address, offset: hashes.count, count: 1))
            }
            hashes.append(hash)
        }

        mutating func find(_ address: UInt64) -> PageHash? {
            if let hash = hash(inRun: hint, address) ?? hash(inRun: hint + 1, address) { return hash }
            var low = 0
            var high = runs.count
            while low < high {
                let middle = (low + high) / 2
                if runs[middle].address <= address { low = middle + 1 } else { high = middle }
            }
            return hash(inRun: low - 1, address)
        }

        private mutating func hash(inRun index: Int, _ address: UInt64) -> PageHash? {
            guard runs.indices.contains(index), address >= runs[index].address else { return nil }
            let position = (address - runs[index].address) / UInt64(Page.size)
            guard position < UInt64(runs[index].count) else { return nil }
            hint = index
            return hashes[runs[index].offset + Int(position)]
        }
    }
}
