internal import Glibc
internal import LinuxSystem

/// The pages of one process in one round, or in the final dump: which are as the destination has them.
///
/// Used by one thread at a time, by ascending addresses.
final class TrackedPages {
    /// Pages in a row that have to be read, or need not be.
    struct Run: Equatable {
        var address: UInt64
        var pages: Int
        /// Whether they are as they were when the destination got them.
        var isUnchanged = false
    }

    private let pagemap: Descriptor
    private var known: AddressTable<UInt64>
    /// Where the pages are that the destination has after this round.
    private(set) var identities = AddressTable<UInt64>()
    /// What was mapped before the reading that is under way.
    private var before: [PagemapWord] = []

    init(pagemap: Descriptor, known: AddressTable<UInt64>) {
        self.pagemap = pagemap
        self.known = known
    }

    /// Divides pages into those that are unchanged and those that have to be read.
    func runs(_ address: UInt64, _ pages: Int) -> [Run] {
        Self.runs(address, pages, words(address, pages), known: &known)
    }

    /// To be called right before pages of one mapping are read.
    func willRead(_ address: UInt64, _ pages: Int) {
        before = words(address, pages)
    }

    /// Notes that the destination gets these pages, the first of the last `willRead`, as they were read just now.
    func wereRead(_ address: UInt64, _ pages: Int) {
        let after = words(address, pages)
        guard !Self.isHugetlb(after) else { return }
        for (index, (before, after)) in zip(before, after).enumerated() {
            guard let identity = after.identity, before.identity == identity else { continue }
            identities.append(address + UInt64(index * Page.size), identity)
        }
    }

    /// Notes that the destination keeps these unchanged pages.
    func wereKept(_ run: Run) {
        if let all = known.find(run.address, count: run.pages) { identities.append(run.address, all) }
    }

    /// - Parameter words: may be fewer than the pages: those without are to be read.
    static func runs(
        _ address: UInt64, _ pages: Int, _ words: [PagemapWord], known: inout AddressTable<UInt64>
    ) -> [Run] {
        var runs: [Run] = []
        var run = Run(address: address, pages: 0)
        // Mostly all of them are known.
        let identities = known.find(address, count: pages)
        for index in 0..<pages {
            let pageAddress = address + UInt64(index * Page.size)
            var isUnchanged = false
            if index < words.count, !words[index].isSoftDirty, let identity = words[index].identity {
                let before = identities.map { $0[$0.startIndex + index] } ?? known.find(pageAddress)
                isUnchanged = before == identity
            }
            if isUnchanged != run.isUnchanged {
                if run.pages > 0 { runs.append(run) }
                run = Run(address: pageAddress, pages: 0, isUnchanged: isUnchanged)
            }
            run.pages += 1
        }
        if run.pages > 0 { runs.append(run) }
        return runs
    }

    /// Bit 17 of a frame's flags: a page from hugetlbfs (`Documentation/admin-guide/mm/pagemap.rst`).
    private static let hugetlb: UInt64 = 1 << 17
    private static let frameFlags = try? Descriptor.open("/proc/kpageflags", O_RDONLY)

    /// Whether the kernel does not mark writes to these pages. They are of one mapping, so one of them tells.
    private static func isHugetlb(_ words: [PagemapWord]) -> Bool {
        guard let frame = words.lazy.compactMap(\.frame).first else { return false }
        var flags: UInt64 = 0
        let offset = Int(frame) * MemoryLayout<UInt64>.size
        let count = withUnsafeMutableBytes(of: &flags) { buffer in try? frameFlags?.readFully(into: buffer, at: offset)
        }
        return count != MemoryLayout<UInt64>.size || flags & hugetlb != 0
    }

    private func words(_ address: UInt64, _ pages: Int) -> [PagemapWord] {
        (try? pagemap.pagemapWords(address, pages)) ?? []
    }
}
