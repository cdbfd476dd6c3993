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

    /// Keeps CRIU from copying into its images what can be read where it is, as all the rest is: in a lazy dump it copies
    /// shared memory, and pages that a restore cannot leave for later.
    ///
    /// The files that it is going to copy to are numbered from 1 on (`image.c`, `open_pages_image_at`). Where there are
    /// more of them than links, they are read.
    /// - Parameters:
    ///   - images: CRIU's image folder, still empty.
    ///   - processes: they still run.
    static func keepFromCopying(into images: String, _ processes: [ContainerProcess]) throws {
        guard let objects = try SharedMemory.complete(of: processes) else { return }
        for number in 1...(processes.count + objects.count + 64) {
            let link = pagesFile(UInt64(number), images)
            try retrying("make the link", link) { symlink(nowhere, link) }
        }
    }

    private static func pagesFile(_ number: UInt64, _ images: String) -> String { "\(images)/pages-\(number).img" }
    private static let nowhere = "/dev/null"

    /// What CRIU was kept from copying of the processes' shared memory, by number.
    private func uncopied() throws -> [UInt64: SharedMemory] {
        guard Files.linkTarget(Self.pagesFile(1, images)) == Self.nowhere else { return [:] }
        let objects = try SharedMemory.distinct(of: processes)
        return Dictionary(uniqueKeysWithValues: objects.map { ($0.number, $0) })
    }

    /// Hands every page of the dump to `sender`.
    func send(to sender: PageSetSender) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        let names = try Files.names(in: images)
        let uncopied = names.contains { $0.hasPrefix("pagemap-shmem-") } ? try uncopied() : [:]
        for name in names {
            guard let memory = MemoryID(pagemapName: name) else { continue }
            let pagemap = try DumpedPagemap(try Files.contents(of: "\(images)/\(name)", limit: .max))
            // A restore wants the pagemap of an object also where nobody has ever written to it.
            guard !pagemap.entries.isEmpty || memory.kind == .sharedMemory else { continue }
            try sender.begin(memory)
            try send(
                pagemap, of: memory, in: memory.kind == .sharedMemory ? uncopied[memory.number]?.open() : nil,
                to: sender, buffer)
        }
    }

    private func send(
        _ pagemap: DumpedPagemap, of memory: MemoryID, in object: Descriptor?, to sender: PageSetSender,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        // A link where CRIU was not to copy anything.
        let copies = try? Descriptor.open(Self.pagesFile(pagemap.pagesID, images), O_RDONLY | O_NOFOLLOW)
        let process = memory.kind == .process ? processes.first { $0.innerPID == memory.number } : nil
        let tracked = process.flatMap { tracker?.pages(of: $0) }
        var equal = comparison?.pages(of: memory) ?? EqualPages([])
        for entry in pagemap.entries {
            var done = 0
            while done < entry.pages {
                let count = min(Page.batch, entry.pages - done)
                let batch = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * Page.size)])
                let address = entry.address + UInt64(done * Page.size)
                if case .present(let offset) = entry.content, let copies {
                    guard try copies.readFully(into: batch, at: offset + done * Page.size) == batch.count else {
                        throw MigrateError(.malformed, "CRIU's pages file of \(memory) is cut off")
                    }
                    try sender.add(address, UnsafeRawBufferPointer(batch))
                } else {
                    for run in tracked?.runs(address, count) ?? equal.runs(address, count) {
                        if run.isUnchanged, try sender.keep(run.address, run.pages) { continue }
                        let bytes = UnsafeMutableRawBufferPointer(rebasing: batch[..<(run.pages * Page.size)])
                        if let process {
                            try Self.read(process.pid, run.address, into: bytes)
                        } else {
                            guard let object,
                                SharedMemory.read(object, run.address, run.pages, into: bytes) == run.pages
                            else {
                                throw MigrateError(
                                    .malformed, "CRIU has found \(memory), which was not there right before: try again"
                                )
                            }
                        }
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
