internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Reads the private memory of a container's processes while they run: nothing is stopped, nothing is traced.
///
/// A page may change while it is read, or be gone; what is sent is what was read, and the final dump, which is
/// compared by hash, sends whatever differs by then.
struct LiveMemory {
    let processes: [ContainerProcess]

    /// What a checkpoint would have to carry now, in pages.
    func pages() -> Int {
        processes.reduce(0) { $0 + ((try? plan(of: $1)) ?? []).reduce(0) { $0 + $1.pages } }
    }

    /// Hands every page to `sender`.
    /// - Parameters:
    ///   - progress: called with the number of pages that were read since the last call.
    ///   - isCancelled: asked between batches; true ends with `.cancelled`.
    func send(to sender: PageSetSender, progress: (Int) -> Void, isCancelled: () -> Bool) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        for process in processes {
            // A process that ends meanwhile has no memory to carry.
            guard let memory = try? Descriptor.open("/proc/\(process.pid)/mem", O_RDONLY),
                let runs = try? plan(of: process)
            else { continue }
            try sender.begin(MemoryID(kind: .process, number: process.innerPID))
            for run in runs {
                var done = 0
                while done < run.pages {
                    if isCancelled() {
                        throw MigrateError(.cancelled, "interrupted; the container runs on where it was")
                    }
                    let count = min(Page.batch, run.pages - done)
                    let address = run.address + UInt64(done * Page.size)
                    let read = Self.read(memory, address, count, into: buffer)
                    if read > 0 {
                        try sender.add(address, UnsafeRawBufferPointer(rebasing: buffer[..<(read * Page.size)]))
                    }
                    // The page at which reading stopped is gone or cannot be read: the final dump decides about it.
                    done += max(read, read < count ? read + 1 : read)
                    progress(count)
                }
            }
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
