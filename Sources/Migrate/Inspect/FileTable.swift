/// The open files of a checkpoint (`files.img`) and who has them open (`fdinfo-N.img`).
struct FileTable {
    /// Bounds the answer: processes may share a table, and each lists it.
    private static let openLimit = 1 << 20

    /// CRIU's `fd_types`.
    private static let types = [
        "und", "reg", "pipe", "fifo", "inetsk", "unixsk", "eventfd", "eventpoll", "inotify", "signalfd", "packetsk",
        "tty",
        "fanotify", "netlinksk", "ns", "tunf", "ext", "timerfd", "memfd", "bpfmap", "pidfd",
    ]

    struct Key: Hashable {
        let type: UInt64
        let id: UInt32
    }

    private struct Entry {
        let key: Key
        let closesOnExec: Bool
        let descriptor: UInt32
    }

    private var descriptions: [Key: String] = [:]
    private var sockets: [Key: Checkpoint.Socket] = [:]
    private var tables: [UInt32: [Entry]] = [:]
    private var count = 0

    init(_ images: ImageFolder) throws {
        if !images.has("files.img"), images.has("reg-files.img") {
            throw images.malformed(
                "reg-files.img", "it is of a CRIU from before files.img (2017); such folders are not understood")
        }
        try images.records("files.img", .files) { record in
            let key = Key(type: try record.required(1, "type"), id: try record.required32(2, "id"))
            if let socket = try Checkpoint.Socket(type: key.type, record) { sockets[key] = socket }
            let text = try sockets[key]?.description ?? Self.description(record)
            guard descriptions.updateValue(text, forKey: key) == nil else {
                throw MigrateError(.malformed, "file \(key.id) stands twice")
            }
        }
    }

    /// The path of a regular file.
    func path(of id: UInt32) -> String? { descriptions[Key(type: 1, id: id)] }

    /// What a process has open.
    mutating func open(_ table: UInt32, _ images: ImageFolder, by pid: UInt32) throws -> [Checkpoint.OpenFile] {
        if tables[table] == nil {
            var entries: [Entry] = []
            try images.records("fdinfo-\(table).img", .fdinfo) { record in
                entries.append(
                    Entry(
                        key: Key(type: try record.required(3, "type"), id: try record.required32(1, "file")),
                        closesOnExec: try record.required(2, "flags") & 1 != 0,
                        descriptor: try record.required32(4, "number")))
            }
            tables[table] = entries
        }
        let entries = tables[table]!
        count += entries.count
        guard count <= Self.openLimit else {
            throw images.malformed("fdinfo-\(table).img", "processes have more than \(Self.openLimit) files open")
        }
        return try entries.map { entry in
            guard let description = descriptions[entry.key] else {
                throw images.malformed(
                    "fdinfo-\(table).img", "it refers to file \(entry.key.id), which files.img does not have")
            }
            sockets[entry.key]?.users.append(.init(pid: pid, descriptor: entry.descriptor))
            return Checkpoint.OpenFile(
                descriptor: entry.descriptor, type: Checkpoint.name(entry.key.type, Self.types), id: entry.key.id,
                closesOnExec: entry.closesOnExec, description: description)
        }
    }

    /// All sockets, with what is queued in them.
    func sockets(_ images: ImageFolder) throws -> [Checkpoint.Socket] {
        try sockets.values.sorted { $0.id < $1.id }.map { socket in
            var socket = socket
            if socket.protocol == "tcp", let inode = socket.inode {
                try images.record("tcp-stream-\(String(inode, radix: 16)).img", .tcpStream) { record in
                    socket.received = try record.required32(1, "length of the receive queue")
                    socket.unsent = try record.required32(3, "length of the send queue")
                }
            }
            return socket
        }
    }

    /// What a file is, for a person.
    private static func description(_ record: ProtobufMessage) throws -> String {
        if let file = try record.message(3) { return try file.text(6) ?? "" }
        if let file = try record.message(5) { return "namespace \(try file.required32(2, "namespace"))" }
        if let file = try record.message(8) { return "count \(try file.required(4, "count"))" }
        if let file = try record.message(9) {
            var watched: [UInt32] = []
            try file.messages(4) { watched.append(try $0.required32(2, "descriptor")) }
            return "watches " + (watched.isEmpty ? "nothing" : watched.map { "\($0)" }.joined(separator: ", "))
        }
        if let file = try record.message(11) { return try file.text(2) ?? "" }
        if let file = try record.message(12) { return "clock \(try file.required32(4, "clock"))" }
        if let file = try record.message(17) { return "pipe \(try file.required32(2, "pipe"))" }
        if let file = try record.message(18) {
            let ends = ["read", "write", "read and write"]
            let end = ends[Int(try file.required(3, "flags") & 3) % 3]
            return "pipe \(try file.required32(2, "pipe")), \(end) end"
        }
        if let file = try record.message(20) { return "memory \(try file.required32(5, "inode"))" }
        if let file = try record.message(22) { return "process \(try file.required32(4, "process"))" }
        return ""
    }
}

extension Checkpoint {
    /// A descriptor of a process.
    package struct OpenFile: Encodable, Sendable {
        package let descriptor: UInt32
        /// CRIU's name of its type: `reg`, `pipe`, `inetsk`, `unixsk`, `eventfd` …
        package let type: String
        /// Descriptors with one id share an open file.
        package let id: UInt32
        package let closesOnExec: Bool
        /// A path, the addresses of a socket, or what else there is to say.
        package let description: String
    }
}
