internal import CLinux
internal import Glibc
internal import LinuxSystem

/// An object of memory that processes may share and that CRIU dumps page by page: a mapping that is shared and of no
/// file (`/dev/zero` counts as none), a memfd, also one that nobody has mapped, an attached System V segment.
///
/// The kernel keeps all of these as files of a tmpfs of its own, which is mounted nowhere; by its device they are told
/// from files, those on a tmpfs of the container's own included: files stay where they are, or cross as an archive.
struct SharedMemory: Equatable, Sendable {
    /// Its inode, which is what CRIU calls it as well (`shmid`; `proc_parse.c`, `memfd.c`). Should it call another one so,
    /// pages cross twice, and nothing else is wrong: what the destination restores is named by its content.
    let number: UInt64
    /// A link in `/proc` that opens it.
    private let link: String

    var id: MemoryID { MemoryID(kind: .sharedMemory, number: number) }

    /// The kernel's own tmpfs, as `stat` says it.
    private static let device = try? Descriptor(owning: retrying("make a memfd") { blt_memfd("") }).status().st_dev

    /// What the processes have mapped, or hold open as a memfd: each object once.
    static func all(of processes: [ContainerProcess]) -> [SharedMemory] {
        guard let device else { return [] }
        var found: [UInt64: SharedMemory] = [:]
        for process in processes {
            let maps = Files.text(of: "/proc/\(process.pid)/maps") ?? ""
            for (number, range) in MemoryMap.files(of: maps, on: device) where found[number] == nil {
                let name = "\(String(range.address, radix: 16))-\(String(range.end, radix: 16))"
                found[number] = SharedMemory(number: number, link: "/proc/\(process.pid)/map_files/\(name)")
            }
            let folder = "/proc/\(process.pid)/fd"
            for name in (try? Files.names(in: folder)) ?? [] {
                let link = "\(folder)/\(name)"
                guard Files.linkTarget(link)?.hasPrefix("/memfd:") == true,
                    let status = try? Descriptor.open(link, Int32(BLT_O_PATH)).status(), status.st_dev == device
                else { continue }
                let number = UInt64(status.st_ino)
                if found[number] == nil { found[number] = SharedMemory(number: number, link: link) }
            }
        }
        return found.values.sorted { $0.number < $1.number }
    }

    /// The object, for reading; nil where the link leads to it no more.
    func open() -> Descriptor? {
        // Looked at before it is opened: what is behind the link now may be something else, a pipe for example.
        guard let file = try? Descriptor.open(link, Int32(BLT_O_PATH)), let status = try? file.status(),
            status.st_ino == number, status.st_dev == Self.device
        else { return nil }
        return try? Descriptor.open("/proc/self/fd/\(file.raw)", O_RDONLY | Int32(BLT_O_NOATIME))
    }

    /// How many pages it has, in memory or swapped out.
    var pages: Int {
        guard let status = try? open()?.status() else { return 0 }
        return Int(status.st_blocks) * 512 / Page.size
    }

    /// The runs of pages that an open object has, by their offset in it. Those that nobody has written to are holes, and
    /// stay holes when they are read (but not when they are looked at through a mapping, which makes them).
    static func runs(of file: Descriptor) throws(SystemError) -> [MemoryMap.Range] {
        var runs: [MemoryMap.Range] = []
        var offset = 0
        while let start = try file.seek(offset, Int32(BLT_SEEK_DATA)),
            let end = try file.seek(start, Int32(BLT_SEEK_HOLE)), end > start
        {
            // The last page may be longer than the object.
            let pages = (end - start + Page.size - 1) / Page.size
            runs.append(MemoryMap.Range(address: UInt64(start), pages: pages))
            offset = start + pages * Page.size
        }
        return runs
    }

    /// Pages that could be read from the start of the range; what the last one has beyond the object's end is zeros.
    static func read(
        _ file: Descriptor, _ offset: UInt64, _ pages: Int, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(pages * Page.size)])
        guard let offset = Int(exactly: offset), let count = try? file.readFully(into: wanted, at: offset) else {
            return 0
        }
        let whole = (count + Page.size - 1) / Page.size
        for index in count..<(whole * Page.size) { wanted[index] = 0 }
        return whole
    }
}
