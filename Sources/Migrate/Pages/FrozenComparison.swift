internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Finds out which pages of a frozen container are as the destination has them, while CRIU still dumps all the rest.
///
/// CRIU runs code in the processes meanwhile, but in memory that it maps for that and unmaps again; what it overwrites
/// of theirs, and puts back, is executable (`compel/src/lib/infect.c`). So the pages of executable mappings are left
/// for later, and what the others hold when the processes stand still is what they hold when the dump is complete.
///
/// Several threads can work at it.
final class FrozenComparison: Sendable {
    private enum Source: Sendable {
        case process(Int32)
        case sharedMemory(Descriptor)
    }

    private struct Batch: Sendable {
        var source: Source
        var memory: MemoryID
        var range: MemoryMap.Range
    }

    private let batches: [Batch]
    private let known: PageIndex
    private let hasher: PageHasher
    private let zeroHash: PageHash
    private let next = Atomic<Int>(0)
    private let equal = Mutex<[MemoryID: [MemoryMap.Range]]>([:])

    /// - Parameters:
    ///   - processes: whose private memory is compared.
    ///   - objects: shared memory that is.
    ///   - known: what the destination has.
    init(
        processes: [ContainerProcess], objects: [SharedMemory] = [], known: PageIndex, hasher: PageHasher
    ) throws {
        self.known = known
        self.hasher = hasher
        zeroHash = [UInt8](repeating: 0, count: Page.size).withUnsafeBytes { hasher.hash($0) }
        let shared = objects.compactMap { object in object.open().map { (object.id, $0) } }
        batches =
            try processes.flatMap { process in
                let maps = try Files.contents(of: "/proc/\(process.pid)/maps")
                let pagemap = try Descriptor.open("/proc/\(process.pid)/pagemap", O_RDONLY)
                return try MemoryMap.privateMappings(of: String(decoding: maps, as: UTF8.self), executable: false)
                    .flatMap { try MemoryMap.ownPages(in: $0, pagemap: pagemap) }
                    .flatMap(\.batches)
                    .map { Batch(source: .process(process.pid), memory: process.memory, range: $0) }
            }
            + shared.flatMap { memory, file in
                try SharedMemory.runs(of: file).flatMap(\.batches)
                    .map { Batch(source: .sharedMemory(file), memory: memory, range: $0) }
            }
    }

    /// Compares until nothing is left that nobody else is at.
    func work() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        var known = known
        var found: [MemoryID: [MemoryMap.Range]] = [:]
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < batches.count else { break }
            compare(batches[index], &known, buffer, &found[batches[index].memory, default: []])
        }
        equal.withLock { $0.merge(found) { $0 + $1 } }
    }

    /// Nobody needs the rest.
    func stop() { next.store(batches.count, ordering: .relaxed) }

    private func compare(
        _ batch: Batch, _ known: inout PageIndex, _ buffer: UnsafeMutableRawBufferPointer,
        _ found: inout [MemoryMap.Range]
    ) {
        let length = batch.range.pages * Page.size
        // What cannot be read this way is left for later.
        let isRead =
            switch batch.source {
            case .process(let pid): blt_process_read(pid, buffer.baseAddress, length, batch.range.address) == length
            case .sharedMemory(let file):
                SharedMemory.read(file, batch.range.address, batch.range.pages, into: buffer) == batch.range.pages
            }
        guard isRead else { return }
        let hashes = hasher.hashes(ofPages: UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        known.contents.withTable { contents in
            for (page, hash) in hashes.enumerated() {
                let address = batch.range.address + UInt64(page * Page.size)
                guard let number = known.number(batch.memory, address),
                    number == PageContents.zeros ? hash == zeroHash : contents.holds(number, hash)
                else { continue }
                if let last = found.last, last.end == address {
                    found[found.count - 1].pages += 1
                } else {
                    found.append(MemoryMap.Range(address: address, pages: 1))
                }
            }
        }
    }

    /// What was found out about this memory; to be asked when all have done their work.
    func pages(of memory: MemoryID) -> EqualPages {
        EqualPages(equal.withLock { $0[memory] ?? [] })
    }
}

/// The pages of some memory that are known to be as the destination has them.
struct EqualPages {
    private let ranges: [MemoryMap.Range]
    /// Addresses come in ascending order.
    private var position = 0

    init(_ ranges: [MemoryMap.Range]) {
        self.ranges = ranges.sorted { $0.address < $1.address }
    }

    /// Divides pages into those that are unchanged and those that have to be read; addresses have to ascend from call to
    /// call.
    mutating func runs(_ address: UInt64, _ pages: Int) -> [TrackedPages.Run] {
        var runs: [TrackedPages.Run] = []
        let end = address + UInt64(pages * Page.size)
        var start = address
        while start < end {
            while position < ranges.count, ranges[position].end <= start { position += 1 }
            let next = position < ranges.count ? ranges[position] : nil
            let isUnchanged = next.map { $0.address <= start } ?? false
            let stop = min(end, next.map { isUnchanged ? $0.end : $0.address } ?? end)
            runs.append(.init(address: start, pages: Int((stop - start) / UInt64(Page.size)), isUnchanged: isUnchanged))
            start = stop
        }
        return runs
    }
}
