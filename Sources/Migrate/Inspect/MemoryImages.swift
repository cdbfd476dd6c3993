internal import Glibc
internal import LinuxSystem

/// The pages of a checkpoint and of the folders that it refers to.
struct MemoryImages {
    /// A chain is as long as a migration has rounds; each folder is held open.
    private static let chainLimit = 256

    /// The folder itself, then its parents, nearest first.
    private let chain: [ImageFolder]
    private let isCountingZeros: Bool

    init(_ images: ImageFolder, countingZeros: Bool) throws {
        isCountingZeros = countingZeros
        var chain = [images]
        while chain[chain.count - 1].has("parent") {
            let link = "\(chain[chain.count - 1].path)/parent"
            guard chain.count <= Self.chainLimit else {
                throw MigrateError(.malformed, "\(images.path) has more than \(Self.chainLimit) parents")
            }
            guard let path = Files.canonicalPath(link) else {
                throw MigrateError(
                    .malformed, "the parent of \(chain[chain.count - 1].path) is missing: its link leads nowhere")
            }
            guard !chain.contains(where: { Files.canonicalPath($0.path) == path }) else {
                throw MigrateError(.malformed, "\(path) is among its own parents")
            }
            chain.append(try ImageFolder(path))
        }
        self.chain = chain
    }

    /// Counts what a pagemap has, here and in the parents: whatever it refers to has to be there.
    private func pages(_ name: String) throws -> Checkpoint.Pages {
        let first = try scan(0, name, chain.count > 1 ? .inParent : .none)
        var child = first
        var level = 0
        while child.pages.inParent > 0 {
            level += 1
            guard level < chain.count else {
                throw chain[level - 1].malformed(name, "it refers to a parent, which the folder does not have")
            }
            let parent = try scan(level, name, .readable)
            if let address = child.firstMissing(in: parent) {
                throw chain[level].malformed(
                    name, "page \(Checkpoint.Address(address)) is not in it, as its child says")
            }
            // Whatever this one has of its parent is looked up there, wanted or not.
            child = parent.pages.inParent > 0 ? try scan(level, name, .inParent) : parent
        }
        var pages = first.pages
        if isCountingZeros { pages.zero = try zeros(first) }
        return pages
    }

    private func scan(_ level: Int, _ name: String, _ remembering: PagemapScan.Remembered) throws -> PagemapScan {
        let images = chain[level]
        guard images.has(name) else { throw images.malformed(name, "it is not there, and its child refers to it") }
        let scan = try PagemapScan(images, name, remembering: remembering)
        if scan.pages.present > 0 {
            let pages = "pages-\(scan.pagesID).img"
            guard images.has(pages) else { throw images.malformed(pages, "it is not there, and \(name) refers to it") }
            let size = try images.open(pages).size
            guard scan.isCompressed || UInt64(size) / UInt64(Page.size) >= scan.pages.present else {
                throw images.malformed(pages, "it is shorter than \(name) says")
            }
        }
        return scan
    }

    /// How many of the present pages hold zeros only.
    private func zeros(_ scan: PagemapScan) throws -> UInt64 {
        guard scan.pages.present > 0, !scan.isCompressed else { return 0 }
        let (file, _) = try chain[0].open("pages-\(scan.pagesID).img")
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        var zeros: UInt64 = 0
        var rest = scan.pages.present
        while rest > 0 {
            let count = Int(min(rest, UInt64(Page.batch)))
            let batch = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * Page.size)])
            guard try file.readFully(into: batch) == batch.count else {
                throw chain[0].malformed("pages-\(scan.pagesID).img", "it was cut off while it was read")
            }
            for start in stride(from: 0, to: batch.count, by: Page.size) {
                // Zero, and the same as itself one byte on.
                let page = batch.baseAddress! + start
                if page.load(as: UInt8.self) == 0, memcmp(page, page + 1, Page.size - 1) == 0 { zeros += 1 }
            }
            rest -= UInt64(count)
        }
        return zeros
    }

    // MARK: Answers

    func ofProcess(_ pid: UInt32, _ map: MemoryMapRecord?, _ files: FileTable) throws -> Checkpoint.Memory? {
        let name = "pagemap-\(pid).img"
        let pages = chain[0].has(name) ? try pages(name) : nil
        if map == nil, pages == nil { return nil }
        return Checkpoint.Memory(areas: (map?.areas ?? []).map { $0.area(files) }, pages: pages ?? Checkpoint.Pages())
    }

    func shared() throws -> [Checkpoint.SharedMemory] {
        try chain[0].numbers(of: "pagemap-shmem").map {
            Checkpoint.SharedMemory(id: $0, pages: try pages("pagemap-shmem-\($0).img"))
        }
    }

    func parents() throws -> [Checkpoint.Parent] {
        try chain.indices.dropFirst().map { level in
            var pages = Checkpoint.Pages()
            let names = chain[level].names.filter { $0.hasPrefix("pagemap-") && $0.hasSuffix(".img") }
            for name in names { pages.add(try scan(level, name, .none).pages) }
            return Checkpoint.Parent(folder: chain[level].path, pagemaps: names.count, pages: pages)
        }
    }
}
