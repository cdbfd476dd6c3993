internal import CLinux
internal import Glibc
internal import LinuxSystem

/// An object of memory that processes may share and that CRIU dumps page by page: a mapping that is shared and of no
/// file (`/dev/zero` counts as none), a memfd, also one that nobody has mapped, an attached System V segment.
///
/// The kernel keeps all of these as files of a tmpfs of its own, which is mounted nowhere; by its device they are told
/// from files, those on a tmpfs of the container's own included: files stay where they are, or cross as an archive.
struct SharedMemory: Equatable, Sendable {
    /// Its inode, which is what CRIU calls it as well (`shmid`; `proc_parse.c`, `memfd.c`, `ipc_ns.c`).
    let number: UInt64
    /// A link in `/proc` that opens it.
    private let link: String

    var id: MemoryID { MemoryID(kind: .sharedMemory, number: number) }

    /// The kernel's own tmpfs, as `stat` says it.
    private static let device = try? Descriptor(owning: retrying("make a memfd") { blt_memfd("") }).status().st_dev

    /// What the processes have mapped, or hold open as a memfd: each object once.
    static func all(of processes: [ContainerProcess]) -> [SharedMemory] { scan(processes).objects }

    /// The same; nil where these are not all that CRIU dumps page by page, or it takes two of them for one.
    static func complete(of processes: [ContainerProcess]) -> [SharedMemory]? {
        let (objects, areAll) = scan(processes)
        guard areAll, let segments = segments(of: processes), segments.isSubset(of: objects.map(\.number)) else {
            return nil
        }
        return objects
    }

    /// - Returns: the objects, and whether there are none besides that look alike: huge pages are on another tmpfs, and
    ///   have numbers of their own, as have segments.
    private static func scan(_ processes: [ContainerProcess]) -> (objects: [SharedMemory], areAll: Bool) {
        guard let device else { return ([], false) }
        var found: [UInt64: (object: SharedMemory, isSegment: Bool)] = [:]
        var areAll = true
        func add(_ number: UInt64, isSegment: Bool, link: String) {
            if let other = found[number] {
                if other.isSegment != isSegment { areAll = false }
            } else {
                found[number] = (SharedMemory(number: number, link: link), isSegment)
            }
        }
        let numbers = [blt_major(UInt64(device)), blt_minor(UInt64(device))]
        for process in processes {
            let maps = Files.text(of: "/proc/\(process.pid)/maps") ?? ""
            for file in MemoryMap.files(of: maps) {
                guard file.device == numbers else {
                    if ["/anon_hugepage", "/memfd:", "/SYSV"].contains(where: file.path.hasPrefix) { areAll = false }
                    continue
                }
                let range = "\(String(file.range.address, radix: 16))-\(String(file.range.end, radix: 16))"
                add(
                    file.inode, isSegment: file.path.hasPrefix("/SYSV"),
                    link: "/proc/\(process.pid)/map_files/\(range)")
            }
            let folder = "/proc/\(process.pid)/fd"
            for name in (try? Files.names(in: folder)) ?? [] {
                let link = "\(folder)/\(name)"
                guard Files.linkTarget(link)?.hasPrefix("/memfd:") == true,
                    let status = try? Descriptor.open(link, Int32(BLT_O_PATH)).status()
                else { continue }
                if status.st_dev == device {
                    add(UInt64(status.st_ino), isSegment: false, link: link)
                } else {
                    areAll = false
                }
            }
        }
        return (found.values.map(\.object).sorted { $0.number < $1.number }, areAll)
    }

    /// The System V segments of the processes' IPC namespaces, also those that nobody is attached to; nil where that
    /// cannot be told. CRIU dumps none of the host's namespace.
    private static func segments(of processes: [ContainerProcess]) -> Set<UInt64>? {
        var seen: Set = [Files.linkTarget("/proc/self/ns/ipc")]
        var all: Set<UInt64> = []
        for process in processes {
            let link = "/proc/\(process.pid)/ns/ipc"
            guard seen.insert(Files.linkTarget(link)).inserted else { continue }
            guard let namespace = try? Descriptor.open(link, O_RDONLY) else { return nil }
            // As many as there can be (IPCMNI).
            var ids = [Int32](repeating: 0, count: 1 << 15)
            let count = Int(blt_sysv_segments(namespace.raw, &ids, Int32(ids.count)))
            guard count >= 0, count <= ids.count else { return nil }
            all.formUnion(ids[..<count].map { UInt64($0) })
        }
        return all
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
