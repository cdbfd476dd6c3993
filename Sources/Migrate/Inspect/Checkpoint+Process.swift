extension Checkpoint {
    /// A process (`pstree.img`, `core-N.img`, `ids-N.img`, `fs-N.img`, `mm-N.img`).
    package struct Process: Encodable, Sendable {
        /// Its id as the container sees it.
        package let pid: UInt32
        /// 0 where the parent is outside.
        package let parent: UInt32
        package let group: UInt32
        package let session: UInt32
        /// Its threads, the main one first.
        package let threads: [Thread]
        /// `running`, `stopped` or `zombie` (CRIU: `TASK_DEAD`); nil in a pre-dump, which holds memory only.
        package let state: String?
        /// The name that `ps` shows.
        package let name: String?
        /// The program, as the container sees its path.
        package let executable: String?
        package let workingFolder: String?
        package let user: UInt32?
        /// Nil for a zombie.
        package let memory: Memory?
        package let files: [OpenFile]
    }

    package struct Thread: Encodable, Sendable {
        package let id: UInt32
        package let name: String?
    }
}

extension Checkpoint.Process {
    /// A container with more is none that CRIU dumps: `kernel.pid_max` is at most this.
    private static let limit = 1 << 22

    static func all(
        _ images: ImageFolder, _ memory: MemoryImages, _ files: inout FileTable
    ) throws -> [Self] {
        var tree: [Entry] = []
        var threads = 0
        try images.records("pstree.img", .pstree) { record in
            tree.append(try Entry(record))
            threads += tree[tree.count - 1].threads.count
            guard threads <= limit else { throw MigrateError(.malformed, "it has more threads than Linux") }
        }
        if tree.isEmpty { tree = images.numbers(of: "pagemap").compactMap(Entry.init(pid:)) }
        var known: Set<UInt32> = []
        return try tree.map { entry in
            guard known.insert(entry.pid).inserted else {
                throw images.malformed("pstree.img", "process \(entry.pid) stands twice")
            }
            return try Self(entry, images, memory, &files)
        }
    }

    /// A record of `pstree.img`.
    private struct Entry {
        let pid: UInt32
        var parent: UInt32 = 0
        var group: UInt32 = 0
        var session: UInt32 = 0
        var threads: [UInt32] = []

        init(_ record: ProtobufMessage) throws {
            pid = try record.required32(1, "pid")
            parent = try record.required32(2, "parent")
            group = try record.required32(3, "process group")
            session = try record.required32(4, "session")
            threads = try record.numbers(5).map {
                guard let id = UInt32(exactly: $0) else { throw MigrateError(.malformed, "a thread has no id") }
                return id
            }
        }

        /// A process of a folder that has pages only.
        init?(pid: UInt64) {
            guard let pid = UInt32(exactly: pid) else { return nil }
            self.pid = pid
        }
    }

    private init(
        _ entry: Entry, _ images: ImageFolder, _ memory: MemoryImages, _ files: inout FileTable
    ) throws {
        pid = entry.pid
        parent = entry.parent
        group = entry.group
        session = entry.session
        let core = try images.record("core-\(pid).img", .core, Core.init)
        state = core?.state
        name = core?.name
        user = core?.user
        threads = try entry.threads.map { id in
            Checkpoint.Thread(
                id: id,
                name: id == entry.pid
                    ? core?.name : try images.record("core-\(id).img", .core, Core.init).flatMap { $0.name })
        }
        let map = try images.record("mm-\(pid).img", .mm, MemoryMapRecord.init)
        executable = map.flatMap { files.path(of: $0.executable) }
        self.memory = try memory.ofProcess(pid, map, files)
        workingFolder = try images.record("fs-\(pid).img", .fs) { try $0.required32(1, "working folder") }
            .flatMap { files.path(of: $0) }
        // Since CRIU 1.0 the ids are in an image of their own, and the files are numbered by them.
        let table = try images.record("ids-\(pid).img", .ids) { try $0.required32(2, "file table") } ?? core?.files
        self.files = try files.open(table ?? pid, images, by: pid)
    }

    /// What we want of `core-N.img`.
    private struct Core {
        var state: String?
        var name: String?
        var user: UInt32?
        /// N of the process's `fdinfo-N.img`.
        var files: UInt32?

        init(_ record: ProtobufMessage) throws {
            if let task = try record.message(3) {
                let number = try task.required(1, "state")
                state = [1: "running", 2: "zombie", 3: "stopped", 6: "zombie"][number] ?? "\(number)"
                name = try task.text(6)
            }
            files = try record.message(4)?.required32(2, "file table")
            if let thread = try record.message(5) {
                name = try thread.text(13) ?? name
                user = try thread.message(10)?.required32(1, "user")
            }
        }
    }
}
