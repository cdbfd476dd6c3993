internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Reads the memory of a container's processes, private and shared, while they run: nothing is stopped, nothing is traced.
///
/// A page may change while it is read, or be gone; what is sent is what was read, and the final dump, which is
/// compared by hash, sends whatever differs by then.
struct LiveMemory {
    let processes: [ContainerProcess]
    /// Knows which pages need not be read; nil reads them all.
    var tracker: SoftDirtyTracker?

    /// What a checkpoint would have to carry now, in pages.
    func pages() -> Int {
        processes.reduce(0) { $0 + ((try? plan(of: $1)) ?? []).reduce(0) { $0 + $1.pages } }
            + SharedMemory.all(of: processes).reduce(0) { $0 + $1.pages }
    }

    /// Hands every page to `sender`.
    /// - Parameters:
    ///   - progress: called with the number of pages that were read since the last call.
    ///   - isCancelled: asked between batches; true ends with `.cancelled`.
    func send(to sender: PageSetSender, progress: (Int) -> Void, isCancelled: () -> Bool) throws {
        func checkCancellation() throws {
            if isCancelled() { throw MigrateError(.cancelled, "interrupted; the container runs on where it was") }
        }
        func send(_ runs: [MemoryMap.Range], _ read: @escaping Reader) throws {
            let batches = runs.flatMap(\.batches)
            // Where pages are sent, reading is not what takes the time, and one buffer stays in the processor's cache;
            // for a few megabytes threads are not worth it.
            let threads = sender.hasKnownPages ? min(OrderedWork.threads, batches.count / 4) : 0
            try OrderedWork.run(
                batches, threads: threads, bufferSize: Page.batch * Page.size
            ) { [hasher = sender.hasher] batch, buffer in
                Self.read(batch, into: buffer, hasher, read)
            } take: { batch, parts, buffer in
                try checkCancellation()
                for part in parts { try sender.add(part.address, part.bytes(in: buffer), part.hashes) }
                progress(batch.pages)
            }
        }
        for process in processes {
            // A process that ends meanwhile has no memory to carry.
            guard let memory = try? Descriptor.open("/proc/\(process.pid)/mem", O_RDONLY),
                let runs = try? plan(of: process)
            else { continue }
            try sender.begin(process.memory)
            guard let tracked = tracker?.pages(of: process) else {
                try send(runs) { address, pages, buffer in Self.read(memory, address, pages, into: buffer) }
                continue
            }
            // What is marked is little, but for the round that clears the marks.
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
            defer { buffer.deallocate() }
            for batch in runs.lazy.flatMap(\.batches) {
                try checkCancellation()
                for run in tracked.runs(batch.address, batch.pages) {
                    if run.isUnchanged, try sender.keep(run.address, run.pages) {
                        tracked.wereKept(run)
                    } else {
                        let range = MemoryMap.Range(address: run.address, pages: run.pages)
                        let parts = Self.read(range, into: buffer, sender.hasher) { address, pages, buffer in
                            tracked.willRead(address, pages)
                            let read = Self.read(memory, address, pages, into: buffer)
                            tracked.wereRead(address, read)
                            return read
                        }
                        for part in parts {
                            try sender.add(part.address, part.bytes(in: UnsafeRawBufferPointer(buffer)), part.hashes)
                        }
                    }
                }
                progress(batch.pages)
            }
            tracker?.endRound(tracked, of: process)
        }
        for object in SharedMemory.all(of: processes) {
            guard let file = object.open(), let runs = try? SharedMemory.runs(of: file), !runs.isEmpty else { continue }
            try sender.begin(object.id)
            try send(runs) { address, pages, buffer in SharedMemory.read(file, address, pages, into: buffer) }
        }
    }

    /// Reads pages into the buffer, and says how many could be read from the first one on.
    private typealias Reader = @Sendable (_ address: UInt64, _ pages: Int, UnsafeMutableRawBufferPointer) -> Int

    /// Pages in a row that were read.
    private struct Part: Sendable {
        var address: UInt64
        /// Position of the first one in the buffer.
        var offset: Int
        var hashes: [PageHash]

        func bytes(in buffer: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: buffer[offset..<(offset + hashes.count * Page.size)])
        }
    }

    /// Reads and hashes what can be read of a range.
    private static func read(
        _ range: MemoryMap.Range, into buffer: UnsafeMutableRawBufferPointer, _ hasher: PageHasher,
        _ read: (UInt64, Int, UnsafeMutableRawBufferPointer) -> Int
    ) -> [Part] {
        var parts: [Part] = []
        var done = 0
        while done < range.pages {
            let (count, offset) = (range.pages - done, done * Page.size)
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[offset...])
            let read = read(range.address + UInt64(offset), count, rest)
            if read > 0 {
                let bytes = UnsafeRawBufferPointer(rebasing: rest[..<(read * Page.size)])
                parts.append(
                    Part(
                        address: range.address + UInt64(offset), offset: offset, hashes: hasher.hashes(ofPages: bytes)))
            }
            // The page at which reading stopped is gone or cannot be read: the final dump decides about it.
            done += max(read, read < count ? read + 1 : read)
        }
        return parts
    }

    private func plan(of process: ContainerProcess) throws -> [MemoryMap.Range] {
        let maps = String(decoding: try Files.contents(of: "/proc/\(process.pid)/maps"), as: UTF8.self)
        let pagemap = try Descriptor.open("/proc/\(process.pid)/pagemap", O_RDONLY)
        return try MemoryMap.privateMappings(of: maps).flatMap { try MemoryMap.ownPages(in: $0, pagemap: pagemap) }
    }

    /// Whole pages that could be read from the start of the range.
    private static func read(
        _ memory: Descriptor, _ address: UInt64, _ pages: Int, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        guard let offset = Int(exactly: address) else { return 0 }
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(pages * Page.size)])
        return ((try? memory.read(into: wanted, at: offset)) ?? 0) / Page.size
    }
}
