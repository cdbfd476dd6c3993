internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The memory of a container that CRIU holds frozen: its images say which pages there are, and the contents come
/// straight from the processes, without CRIU's copy through pipes and sockets.
struct FrozenMemory {
    /// CRIU's image folder.
    let images: String
    let processes: [ContainerProcess]
    /// Knows which pages need not be read; nil reads them all.
    var tracker: SoftDirtyTracker?
    /// What was compared already; nil is nothing.
    var comparison: FrozenComparison?

    /// Hands every page of the dump to `sender`.
    func send(to sender: PageSetSender) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        for name in try Files.names(in: images) {
            guard let memory = MemoryID(pagemapName: name) else { continue }
            let pagemap = try DumpedPagemap(try Files.contents(of: "\(images)/\(name)", limit: .max))
            guard !pagemap.entries.isEmpty else { continue }
            try sender.begin(memory)
            try send(pagemap, of: memory, to: sender, buffer)
        }
    }

    private func send(
        _ pagemap: DumpedPagemap, of memory: MemoryID, to sender: PageSetSender, _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let contents = try? Descriptor.open("\(images)/pages-\(pagemap.pagesID).img", O_RDONLY)
        let process = memory.kind == .process ? processes.first { $0.innerPID == memory.number } : nil
        let tracked = process.flatMap { tracker?.pages(of: $0) }
        var equal = process.flatMap { comparison?.pages(of: $0) } ?? EqualPages([])
        for entry in pagemap.entries {
            var done = 0
            while done < entry.pages {
                let count = min(Page.batch, entry.pages - done)
                let batch = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * Page.size)])
                let address = entry.address + UInt64(done * Page.size)
                switch entry.content {
                case .present(let offset):
                    guard let contents,
                        try contents.readFully(into: batch, at: offset + done * Page.size) == batch.count
                    else {
                        throw MigrateError(.malformed, "CRIU's pages file of \(memory) is cut off")
                    }
                    try sender.add(address, UnsafeRawBufferPointer(batch))
                case .lazy:
                    guard let process else {
                        throw MigrateError(
                            .malformed, "CRIU's images name \(memory), which is no process of the container")
                    }
                    for run in tracked?.runs(address, count) ?? equal.runs(address, count) {
                        if run.isUnchanged, try sender.keep(run.address, run.pages) { continue }
                        let bytes = UnsafeMutableRawBufferPointer(rebasing: batch[..<(run.pages * Page.size)])
                        try Self.read(process.pid, run.address, into: bytes)
                        try sender.add(run.address, UnsafeRawBufferPointer(bytes))
                    }
                }
                done += count
            }
        }
    }

    private static func read(_ pid: Int32, _ address: UInt64, into batch: UnsafeMutableRawBufferPointer) throws {
        if blt_process_read(pid, batch.baseAddress, batch.count, address) == batch.count { return }
        // Memory that the process itself may not read: this way passes over its protection.
        let memory = try Descriptor.open("/proc/\(pid)/mem", O_RDONLY)
        guard let offset = Int(exactly: address), try memory.readFully(into: batch, at: offset) == batch.count else {
            throw MigrateError(
                .toolFailed, "cannot read the memory of process \(pid) at 0x\(String(address, radix: 16))")
        }
    }
}

extension MemoryID {
    /// What CRIU's pagemap of this name belongs to, or nil for another image.
    init?(pagemapName name: String) {
        guard name.hasPrefix("pagemap-"), name.hasSuffix(".img") else { return nil }
        let middle = name.dropFirst("pagemap-".count).dropLast(".img".count)
        if let number = UInt64(middle) {
            self.init(kind: .process, number: number)
        } else if middle.hasPrefix("shmem-"), let number = UInt64(middle.dropFirst("shmem-".count)) {
            self.init(kind: .sharedMemory, number: number)
        } else {
            return nil
        }
    }
}
