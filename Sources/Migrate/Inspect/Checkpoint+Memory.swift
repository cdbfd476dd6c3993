extension Checkpoint {
    /// The memory of a process.
    package struct Memory: Encodable, Sendable {
        /// By address, as the process has mapped it.
        package let areas: [Area]
        package let pages: Pages

        /// Bytes of address space.
        package var mapped: UInt64 {
            areas.reduce(0) { $1.kind == "guard" ? $0 : $0 &+ ($1.end.value - $1.start.value) }
        }
    }

    /// Pages of 4096 bytes, by where their contents are.
    package struct Pages: Encodable, Sendable, Equatable {
        /// In the pages image of the folder.
        package var present: UInt64 = 0
        /// In a parent folder.
        package var inParent: UInt64 = 0
        /// In neither: a lazy dump left them in the process, for its page server.
        package var lazy: UInt64 = 0
        /// How many of the present ones hold zeros only; nil where they were not counted.
        package var zero: UInt64?
        /// Entries of the pagemap.
        package var entries = 0

        /// Bytes of all of them.
        package var bytes: UInt64 { (present &+ inParent &+ lazy) &* UInt64(Page.size) }

        mutating func add(_ other: Pages) {
            present &+= other.present
            inParent &+= other.inParent
            lazy &+= other.lazy
            entries += other.entries
            if let more = other.zero { zero = (zero ?? 0) &+ more }
        }
    }

    /// A mapping.
    package struct Area: Encodable, Sendable {
        package let start: Address
        package let end: Address
        /// `rwxp` or `rwxs`, as in `/proc/PID/maps`.
        package let protection: String
        /// `private`, `shared`, `file`, `stack`, `heap`, `vdso` …
        package let kind: String
        /// The file that is mapped.
        package let file: String?
        /// The shared memory that is mapped.
        package let sharedMemory: UInt64?
    }

    /// An address as `/proc/PID/maps` has it.
    package struct Address: Encodable, Sendable, CustomStringConvertible {
        package let value: UInt64

        init(_ value: UInt64) {
            self.value = value
        }

        package var description: String { "0x" + String(value, radix: 16) }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }

    package struct SharedMemory: Encodable, Sendable {
        /// As areas refer to it.
        package let id: UInt64
        package let pages: Pages
    }

    /// A folder that holds pages of an earlier round.
    package struct Parent: Encodable, Sendable {
        package let folder: String
        package let pagemaps: Int
        package let pages: Pages
    }
}

/// What we want of `mm-N.img`.
struct MemoryMapRecord {
    struct Area {
        let start: UInt64
        let end: UInt64
        let object: UInt64
        let protection: UInt32
        let flags: UInt32
        let status: UInt32
    }

    /// The file that the process runs.
    let executable: UInt32
    private(set) var areas: [Area] = []

    init(_ record: ProtobufMessage) throws {
        executable = try record.required32(12, "program")
        try record.messages(14) { entry in
            let area = Area(
                start: try entry.required(1, "start"), end: try entry.required(2, "end"),
                object: try entry.required(4, "object"), protection: try entry.required32(5, "protection"),
                flags: try entry.required32(6, "flags"), status: try entry.required32(7, "status"))
            guard area.start < area.end else {
                throw MigrateError(.malformed, "it has an area that ends before its start")
            }
            areas.append(area)
        }
    }
}

extension MemoryMapRecord.Area {
    /// CRIU's `VMA_AREA_*` and `VMA_*` (`criu/include/image.h`): the most telling bit first.
    private static let kinds: [(bit: UInt32, name: String)] = [
        (16, "guard"), (17, "uprobes"), (2, "vsyscall"), (3, "vdso"), (12, "vvar"), (1, "stack"), (5, "heap"),
        (15, "shadow stack"), (13, "aio"), (10, "sysv"), (11, "socket"), (14, "memfd"), (6, "file"), (7, "file"),
        (8, "shared"), (9, "private"),
    ]

    func area(_ files: FileTable) -> Checkpoint.Area {
        let kind: String = Self.kinds.first(where: { status & 1 << $0.bit != 0 })?.name ?? "none"
        let isOfFile = status & (1 << 6 | 1 << 7) != 0
        let isShared = status & (1 << 8 | 1 << 10) != 0
        let bits: [(UInt32, Character)] = [(1, "r"), (2, "w"), (4, "x")]
        return Checkpoint.Area(
            start: Checkpoint.Address(start), end: Checkpoint.Address(end),
            protection: String(bits.map { protection & $0.0 != 0 ? $0.1 : "-" }) + (flags & 1 != 0 ? "s" : "p"),
            kind: kind, file: isOfFile ? UInt32(exactly: object).flatMap { files.path(of: $0) } : nil,
            sharedMemory: isShared ? object : nil)
    }
}
