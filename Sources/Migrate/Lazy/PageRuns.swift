/// The pages that a process still lacks: where they belong now, and where their contents lie.
///
/// Follows what the process does with its memory meanwhile. Pages that it has unmapped or thrown away are not among
/// them any more, and those that it has moved are where it has moved them to.
struct PageRuns: Equatable, Sendable {
    /// Pages next to each other, in the process and in a pages file.
    struct Run: Equatable, Sendable {
        var start: UInt64
        var end: UInt64
        /// Which of the pages files.
        var file: Int
        /// Byte offset of the first page there.
        var offset: Int

        var length: UInt64 { end - start }

        /// The part from `address` on.
        func from(_ address: UInt64) -> Run {
            Run(start: address, end: end, file: file, offset: offset + Int(address - start))
        }

        func upTo(_ address: UInt64) -> Run { Run(start: start, end: address, file: file, offset: offset) }
    }

    /// By descending address: what is filled next is at the end, where taking it away costs nothing.
    private(set) var runs: [Run] = []

    var isEmpty: Bool { runs.isEmpty }
    /// The run of lowest address.
    var next: Run? { runs.last }
    var pages: Int { runs.reduce(0) { $0 + Int($1.length) / Page.size } }

    /// - Parameter ascending: runs that do not overlap.
    init(_ ascending: [Run]) {
        runs = ascending.reversed()
    }

    /// The run that holds `address`, or nil.
    func find(_ address: UInt64) -> Run? {
        let index = firstIndex(endingAtMost: address) - 1
        guard index >= 0, runs[index].start <= address else { return nil }
        return runs[index]
    }

    /// These pages are there, or shall not come any more.
    mutating func remove(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        // The common case: the beginning of the next run.
        if let last = runs.last, last.start == range.lowerBound, range.upperBound < last.end {
            runs[runs.count - 1] = last.from(range.upperBound)
            return
        }
        let touched = indices(overlapping: range)
        guard !touched.isEmpty else { return }
        var kept: [Run] = []
        if let highest = runs[touched].first, highest.end > range.upperBound {
            kept.append(highest.from(range.upperBound))
        }
        if let lowest = runs[touched].last, lowest.start < range.lowerBound {
            kept.append(lowest.upTo(range.lowerBound))
        }
        runs.replaceSubrange(touched, with: kept)
    }

    /// The pages of `range` are at `to` and after now.
    mutating func move(_ range: Range<UInt64>, to: UInt64) {
        let moved = runs[indices(overlapping: range)].map { run in
            let part = (run.start < range.lowerBound ? run.from(range.lowerBound) : run)
            let whole = part.end > range.upperBound ? part.upTo(range.upperBound) : part
            let start = to + (whole.start - range.lowerBound)
            return Run(start: start, end: start + whole.length, file: whole.file, offset: whole.offset)
        }
        remove(range)
        guard !moved.isEmpty else { return }
        // What was there has been unmapped, and was said to be.
        remove(to..<(to + UInt64(range.count)))
        runs.insert(contentsOf: moved, at: firstIndex(endingAtMost: to))
    }

    private func indices(overlapping range: Range<UInt64>) -> Range<Int> {
        let high = firstIndex(endingAtMost: range.lowerBound)
        var low = high
        while low > 0, runs[low - 1].start < range.upperBound { low -= 1 }
        // From the run of highest address that begins before the range ends.
        var first = low
        while first < high, runs[first].start >= range.upperBound { first += 1 }
        return first..<high
    }

    /// The position of the first run, by descending address, that ends at or before `address`.
    private func firstIndex(endingAtMost address: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end <= address { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
