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
    /// Whether it is a System V segment: these have numbers of their own.
    private let isSegment: Bool

    var id: MemoryID { MemoryID(kind: .sharedMemory, number: number) }

    /// The kernel's own tmpfs, as `stat` says it.
    private static let device = try? Descriptor(owning: retrying("make a memfd") { blt_memfd("") }).status().st_dev

    /// What the processes have mapped, or hold open as a memfd: each object once.
    static func all(of processes: [ContainerProcess]) -> [SharedMemory] { scan(processes).objects }

    /// The same; nil where these are not all that CRIU dumps page by page.
    /// - Throws: `.toolFailed` where CRIU would take two of them for one.
    static func complete(of processes: [ContainerProcess]) throws -> [SharedMemory]? {
        let found = scan(processes)
        let segments = try segments(of: processes, found)
        guard !found.hasOthers, segments?.isSubset(of: found.objects.filter(\.isSegment).map(\.number)) == true,
            !processes.contains(where: hasDescriptorsOnTheirWay)
        else { return nil }
        return found.objects
    }

    /// The same as `all`.
    /// - Throws: `.toolFailed` where CRIU would take two of them for one.
    static func distinct(of processes: [ContainerProcess]) throws -> [SharedMemory] {
        let found = scan(processes)
        _ = try segments(of: processes, found)
        return found.objects
    }

    private struct Found {
        var objects: [SharedMemory]
        /// There are some besides that look alike: huge pages are on another tmpfs, and have numbers of their own.
        var hasOthers = false
        /// A number that two objects have.
        var twin: UInt64?
    }

    private static func scan(_ processes: [ContainerProcess]) -> Found {
        guard let device else { return Found(objects: [], hasOthers: true) }
        var result = Found(objects: [])
        var found: [UInt64: SharedMemory] = [:]
        var others: Set<UInt64> = []
        func add(_ number: UInt64, isSegment: Bool, link: String) {
            if let other = found[number] {
                if other.isSegment != isSegment { result.twin = number }
            } else {
                found[number] = SharedMemory(number: number, link: link, isSegment: isSegment)
            }
        }
        let numbers = [blt_major(UInt64(device)), blt_minor(UInt64(device))]
        for process in processes {
            let maps = Files.text(of: "/proc/\(process.pid)/maps") ?? ""
            for file in MemoryMap.files(of: maps) {
                guard file.device == numbers else {
                    if ["/anon_hugepage", "/memfd:", "/SYSV"].contains(where: file.path.hasPrefix) {
                        others.insert(file.inode)
                    }
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
                guard let target = Files.linkTarget(link), target.hasSuffix(" (deleted)"),
                    let status = try? Descriptor.open(link, Int32(BLT_O_PATH)).status()
                else { continue }
                if status.st_dev == device {
                    add(UInt64(status.st_ino), isSegment: target.hasPrefix("/SYSV"), link: link)
                } else if target.hasPrefix("/memfd:") {
                    others.insert(UInt64(status.st_ino))
                }
            }
        }
        result.hasOthers = !others.isEmpty
        result.twin = result.twin ?? others.first { found[$0] != nil }
        result.objects = found.values.sorted { $0.number < $1.number }
        return result
    }

    /// The System V segments of the processes' IPC namespaces, also those that nobody is attached to; nil where that
    /// cannot be told. CRIU dumps none of the host's namespace.
    /// - Throws: `.toolFailed` where CRIU would take one of them and another object for one.
    private static func segments(of processes: [ContainerProcess], _ found: Found) throws(MigrateError) -> Set<UInt64>?
    {
        if let twin = found.twin { throw ambiguity(twin) }
        var seen: Set = [Files.linkTarget("/proc/self/ns/ipc")]
        var all: Set<UInt64> = []
        // One that has ended has no namespaces.
        for process in processes where ContainerProcess.isAlive(process.pid) {
            let link = "/proc/\(process.pid)/ns/ipc"
            guard seen.insert(Files.linkTarget(link)).inserted else { continue }
            guard let namespace = try? Descriptor.open(link, O_RDONLY) else { return nil }
            // As many as there can be (IPCMNI).
            var ids = [Int32](repeating: 0, count: 1 << 15)
            let count = Int(blt_sysv_segments(namespace.raw, &ids, Int32(ids.count)))
            guard count >= 0, count <= ids.count else { return nil }
            all.formUnion(ids[..<count].map { UInt64($0) })
        }
        if let twin = found.objects.first(where: { !$0.isSegment && all.contains($0.number) }) {
            throw ambiguity(twin.number)
        }
        return all
    }

    private static func ambiguity(_ number: UInt64) -> MigrateError {
        MigrateError(
            .toolFailed,
            "two objects of shared memory of different kinds have the number \(number), and CRIU would write one over the "
                + "other")
    }

    /// Whether descriptors are in its sockets that nobody has received yet: of memory, possibly, that is nowhere else.
    private static func hasDescriptorsOnTheirWay(_ process: ContainerProcess) -> Bool {
        let folder = "/proc/\(process.pid)/fd"
        return ((try? Files.names(in: folder)) ?? []).contains { name in
            guard Files.linkTarget("\(folder)/\(name)")?.hasPrefix("socket:") == true,
                let lines = Files.text(of: "/proc/\(process.pid)/fdinfo/\(name)")?.split(separator: "\n")
            else { return false }
            return lines.contains { $0.hasPrefix("scm_fds:") && $0.split(whereSeparator: \.isWhitespace).last != "0" }
        }
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

    /// Pages that could be read from the start of the range.
    static func read(
        _ file: Descriptor, _ offset: UInt64, _ pages: Int, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(pages * Page.size)])
        guard let offset = Int(exactly: offset), let count = try? file.readFully(into: wanted, at: offset) else {
            return 0
        }
        let whole = count / Page.size
        guard count % Page.size > 0 else { return whole }
        // What its last page has beyond the end is there through mappings only, and is dumped and restored.
        let last = UnsafeMutableRawBufferPointer(rebasing: wanted[(whole * Page.size)..<((whole + 1) * Page.size)])
        return readMapped(file, offset + whole * Page.size, into: last) ? whole + 1 : whole
    }

    private static func readMapped(
        _ file: Descriptor, _ offset: Int, into page: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let mapping = mmap(nil, Page.size, PROT_READ, MAP_SHARED, file.raw, off_t(offset)), mapping != MAP_FAILED
        else { return false }
        defer { munmap(mapping, Page.size) }
        // Where the object has become shorter meanwhile, this fails, and touching it would be a signal.
        return blt_process_read(getpid(), page.baseAddress, Page.size, UInt64(UInt(bitPattern: mapping))) == Page.size
    }
}
