internal import Glibc
internal import LinuxSystem

/// The kernel's soft-dirty bits (`Documentation/admin-guide/mm/soft-dirty.rst`): a 4 written to `/proc/PID/clear_refs`
/// clears them all, and from then on every page that is written, and every new mapping, gets its bit.
enum SoftDirty {
    /// Whether the running kernel marks written pages, and shows where they are. Tried on a page of our own: a kernel
    /// without it (`CONFIG_MEM_SOFT_DIRTY`) takes the 4 too, and never sets a bit.
    static let isSupported = works()

    private static func works() -> Bool {
        guard
            let page = mmap(nil, Page.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            page != MAP_FAILED
        else { return false }
        defer { munmap(page, Page.size) }
        page.storeBytes(of: 1, as: UInt8.self)
        guard let written = word(at: page), written.isSoftDirty, written.identity != nil,
            (try? clear(of: getpid())) != nil,
            let cleared = word(at: page), !cleared.isSoftDirty
        else { return false }
        page.storeBytes(of: 2, as: UInt8.self)
        return word(at: page)?.isSoftDirty ?? false
    }

    private static func word(at page: UnsafeMutableRawPointer) -> PagemapWord? {
        let pagemap = try? Descriptor.open("/proc/self/pagemap", O_RDONLY)
        return try? pagemap?.pagemapWords(UInt64(UInt(bitPattern: page)), 1).first
    }

    /// Clears the bits of a process. When this returns, no processor can write to a page of it without setting its bit:
    /// the kernel has flushed the cached translations by then.
    static func clear(of pid: Int32) throws {
        try Descriptor.open("/proc/\(pid)/clear_refs", O_WRONLY).write(all: [UInt8(ascii: "4")])
    }
}

extension Descriptor {
    /// Entries of an open `/proc/PID/pagemap`; fewer where the address space ends or the process does.
    func pagemapWords(_ address: UInt64, _ pages: Int) throws(SystemError) -> [PagemapWord] {
        var words = [UInt64](repeating: 0, count: pages)
        let offset = Int(address / UInt64(Page.size)) * PagemapWord.size
        let count: Int
        do {
            count = try words.withUnsafeMutableBytes { try readFully(into: $0, at: offset) }
        } catch let error as SystemError {
            throw error
        } catch {
            preconditionFailure("readFully(into:at:) throws SystemError only")
        }
        return words.prefix(count / PagemapWord.size).map { PagemapWord($0) }
    }
}
