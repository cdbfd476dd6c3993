internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Knows, by the kernel's soft-dirty bits, which pages of a container are as the destination has them.
///
/// Nothing is frozen for it. That works because the bits are never cleared between looking at them and reading the
/// pages, as CRIU's pre-dump has to (and freezes the container meanwhile), but only *before* pages are read:
///
/// 1. A round may clear the bits of a process, and then reads all of its pages. A write before the clearing is in what
///    is read; a write after it leaves the bit set.
/// 2. A round that does not clear reads the pages whose bit is set, and keeps the others: their content is what a round
///    since the clearing has read.
///
/// So at any time: a page that the destination holds and whose bit is clear has not been written since it was read. The
/// bits only pile up while nothing is cleared; a round clears again when too many are set. In the final dump, where the
/// container stands still, the pages with a clear bit are neither read nor hashed.
///
/// Not every change of what is mapped at an address sets a bit: a large mapping that is moved onto another
/// (mremap(2), whole page tables at once) keeps its clear bits, a huge page of zeros has none, and a page that the kernel
/// merges with an equal one (KSM) loses its own. Each puts another frame there. So the frame (or place in the swap space)
/// counts too: it is noted before and after a page is read, and has to be the same in both cases and at the end.
///
/// What the kernel does not mark is not trusted: huge pages from hugetlbfs; a process that was not there when the bits
/// were cleared, or is another one under the same number. Their pages are compared by content.
final class SoftDirtyTracker: Sendable {
    /// A process whose bits were cleared, and where the pages were that the destination has got of it since.
    struct Tracked: Sendable {
        let startTime: String
        var identities = AddressTable<UInt64>()
    }

    /// Bits are cleared again when more than one page in so many has its bit set.
    private static let patience = 8

    private let tracked = Mutex<[ContainerProcess: Tracked]>([:])

    /// Begins a round: clears the bits where that is due. To be called before any page of the round is read.
    func beginRound(_ processes: [ContainerProcess]) {
        let known = tracked.withLock { $0 }
        var (changed, all) = (0, 0)
        for process in processes {
            let counts = Self.count(process, isTracked: known[process] != nil)
            changed += counts.changed
            all += counts.all
        }
        guard changed * Self.patience > all else { return }
        var cleared: [ContainerProcess: Tracked] = [:]
        for process in processes {
            // What cannot be cleared is not tracked.
            guard let start = ContainerProcess.startTime(of: process.pid),
                (try? SoftDirty.clear(of: process.pid)) != nil,
                ContainerProcess.startTime(of: process.pid) == start
            else { continue }
            cleared[process] = Tracked(startTime: start)
        }
        tracked.withLock { [cleared] in $0 = cleared }
    }

    /// The pages of a process in this round; nil where it is not tracked.
    func pages(of process: ContainerProcess) -> TrackedPages? {
        guard let known = tracked.withLock({ $0[process] }),
            ContainerProcess.startTime(of: process.pid) == known.startTime,
            let pagemap = try? Descriptor.open("/proc/\(process.pid)/pagemap", O_RDONLY)
        else { return nil }
        return TrackedPages(pagemap: pagemap, known: known.identities)
    }

    /// Takes over what a round has found out about a process.
    func endRound(_ pages: TrackedPages, of process: ContainerProcess) {
        tracked.withLock { $0[process]?.identities = pages.identities }
    }

    /// How many pages of a process would have to be read, and how many it has.
    private static func count(_ process: ContainerProcess, isTracked: Bool) -> (changed: Int, all: Int) {
        guard let maps = Files.text(of: "/proc/\(process.pid)/maps"),
            let pagemap = try? Descriptor.open("/proc/\(process.pid)/pagemap", O_RDONLY)
        else { return (0, 0) }
        var (changed, all) = (0, 0)
        for mapping in MemoryMap.privateMappings(of: maps) {
            try? MemoryMap.forEachOwnPage(in: mapping, pagemap: pagemap) { _, word in
                all += 1
                if !isTracked || word.isSoftDirty { changed += 1 }
            }
        }
        return (changed, all)
    }
}
