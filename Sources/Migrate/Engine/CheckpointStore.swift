internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// The destination's image folders: one for each page set, `1`, `2`, …, each with its pagemaps and pages and a `parent`
/// link to the one before; the small images go into the last.
///
/// Takes nothing on trust: names are from CRIU's own set, addresses are whole pages in ascending order, a page that is
/// called unchanged has to be in the set before, one that is named has to have come. What a set costs here is in
/// proportion to what was sent for it: pages of zeros are holes in the files, and a copy is named by itself.
final class CheckpointStore {
    /// The rounds that a source may want, and the final dump: each set is a folder here, and a parent for CRIU to open.
    static let setLimit = 1001
    /// Processes and shared memory objects of a set: each has two files here, and its pagemap is kept in memory.
    static let memoryLimit = 1 << 16
    /// Small images: a process has about ten.
    static let fileLimit = 1 << 20

    let root: String
    private(set) var number = 0
    /// Whether a set has begun and not ended.
    private var isOpen = false
    private var files = 0
    private var memory: MemoryID?
    private var pagemap: Pagemap?
    private var contents: Descriptor?
    private var finished: [MemoryID: Pagemap] = [:]
    private var before: [MemoryID: Pagemap] = [:]
    private var stored: StoredPages
    /// Pages in the file of the memory.
    private var filePages = 0
    private var digest: PageSetDigest
    private var counts = PageCounts()
    private let hasher: PageHasher

    /// - Parameter root: an existing, empty folder.
    init(root: String, hasher: PageHasher) {
        self.root = root
        self.hasher = hasher
        stored = StoredPages(root: root)
        digest = PageSetDigest(hasher)
    }

    /// The folder of the current page set.
    var folder: String { "\(root)/\(number)" }

    func beginSet(_ number: Int) throws {
        guard number == self.number + 1, !isOpen, files == 0, number <= Self.setLimit else {
            throw MigrateError(.malformed, "page set \(number) does not follow page set \(self.number)")
        }
        self.number = number
        isOpen = true
        before = finished
        finished = [:]
        digest = PageSetDigest(hasher)
        counts = PageCounts()
        try Files.makeFolder(folder)
        if number > 1 {
            try retrying("make the link", "\(folder)/parent") { symlink("../\(number - 1)", "\(folder)/parent") }
        }
    }

    func begin(_ memory: MemoryID) throws {
        guard isOpen else { throw MigrateError(.malformed, "pages come outside of a page set") }
        guard self.memory != memory, finished[memory] == nil else {
            throw MigrateError(.malformed, "the pages of \(memory) come twice")
        }
        try closeMemory()
        guard finished.count < Self.memoryLimit else {
            throw MigrateError(.malformed, "a page set has more than \(Self.memoryLimit) memories")
        }
        self.memory = memory
        // Ids are shared by all pagemaps of a folder, and start at 1.
        let pagemap = Pagemap(pagesID: UInt32(finished.count + 1))
        self.pagemap = pagemap
        filePages = 0
        contents = try Descriptor.open(
            StoredPages.path(root, number, pagemap.pagesID), O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    }

    func add(_ address: UInt64, _ bytes: UnsafeRawBufferPointer, packed: Bool = false) throws {
        let count = bytes.count / Page.size
        let (_, pagesID) = try append(.init(address: address, pages: UInt64(count), content: .present))
        stored.append(pages: count, at: .init(set: number, pagesID: pagesID, page: filePages))
        try store(address, bytes)
        counts.sent += count
        if packed { counts.packed += count }
    }

    func addUnchanged(_ address: UInt64, _ count: UInt64) throws {
        guard let memory, let parent = before[memory], parent.covers(address, count) else {
            throw MigrateError(.malformed, "pages are called unchanged that were never sent")
        }
        _ = try append(.init(address: address, pages: count, content: .parent))
        digest.add(memory, address, .unchanged, count)
        counts.unchanged += Int(count)
    }

    func addZeros(_ address: UInt64, _ count: UInt64) throws {
        let (memory, _) = try append(.init(address: address, pages: count, content: .present))
        digest.add(memory, address, .zeros, count)
        filePages += Int(count)
        counts.zero += Int(count)
    }

    /// Takes pages whose contents came before, under these numbers.
    func addCopies(_ address: UInt64, _ numbers: [UInt64]) throws {
        let (_, pagesID) = try append(.init(address: address, pages: UInt64(numbers.count), content: .present))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        var done = 0
        while done < numbers.count {
            let (place, following) = try stored.place(of: numbers[done])
            // Numbers in a row are pages in a row.
            var count = 1
            while done + count < numbers.count, count < min(following, Page.batch),
                numbers[done + count] == numbers[done] + UInt64(count)
            {
                count += 1
            }
            let pages = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * Page.size)])
            let isHere = place.set == number && place.pagesID == pagesID
            let file = isHere ? contents : try stored.file(of: place)
            guard try file?.readFully(into: pages, at: place.page * Page.size) == pages.count else {
                throw MigrateError(.toolFailed, "pages that were stored in \(root) are not there any more")
            }
            try store(address + UInt64(done * Page.size), UnsafeRawBufferPointer(pages))
            done += count
        }
        counts.copied += numbers.count
    }

    /// Writes pages, and adds what they are to the digest.
    private func store(_ address: UInt64, _ bytes: UnsafeRawBufferPointer) throws {
        guard let memory else { return }
        do {
            try contents?.write(all: bytes, at: filePages * Page.size)
        } catch {
            throw MigrateError(.toolFailed, "cannot store the container's pages in \(folder)", cause: error)
        }
        for (page, hash) in hasher.hashes(ofPages: bytes).enumerated() {
            digest.add(memory, address + UInt64(page * Page.size), hash)
        }
        filePages += bytes.count / Page.size
    }

    /// Ends the set; its counts and digest have to be what the sender says.
    func endSet(_ expected: PageSetEndMessage) throws {
        guard isOpen else { throw MigrateError(.malformed, "a page set ends that has not begun") }
        isOpen = false
        try closeMemory()
        let end = PageSetEndMessage(counts: counts, digest: digest.text)
        guard end == expected else {
            throw MigrateError(.malformed, "the pages did not arrive as they were sent (digest)")
        }
    }

    /// Opens a small image for writing.
    func createFile(_ name: String) throws -> Descriptor {
        guard number > 0, !isOpen, files < Self.fileLimit else {
            throw MigrateError(.malformed, "the image \(name.printable(limit: 64)) comes out of turn")
        }
        guard Self.isImageName(name) else {
            throw MigrateError(.malformed, "'\(name.printable(limit: 64))' is no name of a CRIU image")
        }
        files += 1
        return try Descriptor.open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    }

    /// CRIU's images end in `.img`; runc adds `descriptors.json`. Pagemaps and pages have their own messages.
    static func isImageName(_ name: String) -> Bool {
        guard name.utf8.count <= 255, let first = name.utf8.first, first != UInt8(ascii: "."),
            name.utf8.allSatisfy({ isNameByte($0) })
        else { return false }
        if name.hasPrefix("pagemap-") || name.hasPrefix("pages-") { return false }
        return name.hasSuffix(".img") || name == "descriptors.json"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// A file of so many pages can be made nowhere.
    private static let filePageLimit: UInt64 = 1 << 46

    private func append(_ entry: Pagemap.Entry) throws(MigrateError) -> (memory: MemoryID, pagesID: UInt32) {
        guard let memory, let pagemap, entry.pages > 0, entry.address % UInt64(Page.size) == 0,
            entry.address >= pagemap.entries.last?.end ?? 0,
            UInt64(filePages).addingReportingOverflow(entry.pages).partialValue < Self.filePageLimit,
            entry.pages < Self.filePageLimit,
            !entry.address.addingReportingOverflow(entry.pages * UInt64(Page.size)).overflow
        else { throw MigrateError(.malformed, "the pages come in an impossible order") }
        self.pagemap?.append(entry)
        return (memory, pagemap.pagesID)
    }

    private func closeMemory() throws {
        guard let memory, let pagemap else { return }
        do {
            // What ends in zeros ends in a hole.
            try contents?.setSize(filePages * Page.size)
            try Files.write(pagemap.encoded, to: "\(folder)/\(memory.pagemapName)")
        } catch {
            throw MigrateError(.toolFailed, "cannot store the container's pages in \(folder)", cause: error)
        }
        finished[memory] = pagemap
        (self.memory, self.pagemap, contents) = (nil, nil, nil)
    }
}

extension Pagemap {
    /// Whether every page of the range is in this map.
    func covers(_ address: UInt64, _ count: UInt64) -> Bool {
        let (length, tooLong) = count.multipliedReportingOverflow(by: UInt64(Page.size))
        let (end, overflow) = address.addingReportingOverflow(length)
        guard count > 0, !tooLong, !overflow else { return false }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        var next = address
        while next < end {
            guard low < entries.count, entries[low].address <= next else { return false }
            next = entries[low].end
            low += 1
        }
        return true
    }
}
