/// A value for each page of a memory, by address: in runs, so that a page costs little more than its value.
struct AddressTable<Value: Sendable>: Sendable {
    private struct Run: Sendable {
        var address: UInt64
        /// Position of the first page's value.
        var offset: Int
        var count: Int
    }

    private var runs: [Run] = []
    private var values: [Value] = []
    /// Where the last look-up ended: addresses come in ascending order, so the next is there or right behind.
    private var hint = 0

    var count: Int { values.count }

    /// Adds a page. Pages are added by ascending address.
    mutating func append(_ address: UInt64, _ value: Value) {
        if let last = runs.last, last.address + UInt64(last.count * Page.size) == address {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(address: address, offset: values.count, count: 1))
        }
        values.append(value)
    }

    /// Adds pages next to each other.
    mutating func append(_ address: UInt64, _ more: ArraySlice<Value>) {
        guard let first = more.first else { return }
        append(address, first)
        runs[runs.count - 1].count += more.count - 1
        values.append(contentsOf: more.dropFirst())
    }

    /// The values of pages next to each other, or nil where one has none.
    mutating func find(_ address: UInt64, count: Int) -> ArraySlice<Value>? {
        guard find(address) != nil else { return nil }
        // Neighbours are in one run.
        let run = runs[hint]
        let position = Int((address - run.address) / UInt64(Page.size))
        guard run.count - position >= count else { return nil }
        return values[(run.offset + position)..<(run.offset + position + count)]
    }

    mutating func find(_ address: UInt64) -> Value? {
        if let value = value(inRun: hint, address) ?? value(inRun: hint + 1, address) { return value }
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].address <= address { low = middle + 1 } else { high = middle }
        }
        return value(inRun: low - 1, address)
    }

    private mutating func value(inRun index: Int, _ address: UInt64) -> Value? {
        guard runs.indices.contains(index), address >= runs[index].address else { return nil }
        let position = (address - runs[index].address) / UInt64(Page.size)
        guard position < UInt64(runs[index].count) else { return nil }
        hint = index
        return values[runs[index].offset + Int(position)]
    }
}
