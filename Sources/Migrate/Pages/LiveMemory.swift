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
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        func checkCancellation() throws {
            if isCancelled() { throw MigrateError(.cancelled, "interrupted; the container runs on where it was") }
        }
        for process in processes {
            // A process that ends meanwhile has no memory to carry.
            guard let memory = try? Descriptor.open("/proc/\(process.pid)/mem", O_RDONLY),
                let runs = try? plan(of: process)
            else { continue }
            try sender.begin(MemoryID(kind: .process, number: process.innerPID))
            let tracked = tracker?.pages(of: process)
            for batch in runs.lazy.flatMap(\.batches) {
                try checkCancellation()
                for run in tracked?.runs(batch.address, batch.pages) ?? [
                    .init(address: batch.address, pages: batch.pages)
                ] {
                    if run.isUnchanged, try sender.keep(run.address, run.pages) {
                        tracked?.wereKept(run)
                    } else {
                        try Self.read(memory, run, tracked, into: buffer, sender.add)
                    }
                }
                progress(batch.pages)
            }
            if let tracked { tracker?.endRound(tracked, of: process) }
        }
        for object in SharedMemory.all(of: processes) {
            guard let file = object.open(), let runs = try? SharedMemory.runs(of: file), !runs.isEmpty else { continue }
            try sender.begin(object.id)
            for batch in runs.lazy.flatMap(\.batches) {
                try checkCancellation()
                let read = SharedMemory.read(file, batch.address, batch.pages, into: buffer)
                try sender.add(batch.address, UnsafeRawBufferPointer(rebasing: buffer[..<(read * Page.size)]))
                progress(batch.pages)
            }
        }
    }

    /// Reads what can be read of a run.
    private static func read(
        _ memory: Descriptor, _ run: TrackedPages.Run, _ tracked: TrackedPages?,
        into buffer: UnsafeMutableRawBufferPointer, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var done = 0
        while done < run.pages {
            let count = run.pages - done
            let address = run.address + UInt64(done * Page.size)
            tracked?.willRead(address, count)
            let read = read(memory, address, count, into: buffer)
            tracked?.wereRead(address, read)
            if read > 0 { try body(address, UnsafeRawBufferPointer(rebasing: buffer[..<(read * Page.size)])) }
            // The page at which reading stopped is gone or cannot be read: the final dump decides about it.
            done += max(read, read < count ? read + 1 : read)
        }
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
