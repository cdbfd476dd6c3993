internal import Glibc
internal import LinuxSystem

/// A file of the rootfs that processes use, as CRIU will want to find it at the destination (`files-reg.c`: mode always,
/// size but for logs; of what is mapped it compares the size and the build id, and we all of it).
struct UsedFile: Codable, Sendable, Equatable {
    /// In the container.
    var path: String
    /// With the kind of file.
    var mode: UInt32
    /// Nil where it does not matter: of no regular file, nor of one that is only appended to.
    var size: Int?
    /// Whether a process has it mapped, so that its content matters.
    var isMapped: Bool
    /// `FileDigest` of the content, where that matters and the other end cannot look itself.
    var digest: String?

    /// How the file of this path below another root differs, or nil.
    /// - Parameter hasSameContent: asked where all else is the same, and the content matters.
    func difference(
        in rootfs: Descriptor, hasSameContent: (Descriptor) throws -> Bool
    ) throws -> String? {
        guard let other = try? RootfsPath.open(path, in: rootfs) else { return "is not there" }
        if other.status.kind != FileKind(mode: mode) { return "is of another kind" }
        if other.status.st_mode != mode { return "mode" }
        if let size, other.status.st_size != size { return "size" }
        guard isMapped, other.status.kind == .regular else { return nil }
        guard let file = try? other.forReading() else { return "cannot be read" }
        return try hasSameContent(file) ? nil : "content"
    }
}

/// What a path below a root leads to. It is opened only when it is known to be a regular file: opening a FIFO or a device
/// may block, and does something.
struct RootfsPath {
    let status: stat
    private let place: Descriptor

    static func open(_ path: String, in rootfs: Descriptor) throws -> RootfsPath {
        let place = try rootfs.findInRoot(path)
        return RootfsPath(status: try place.status(), place: place)
    }

    func forReading() throws -> Descriptor {
        try place.reopened(O_RDONLY | O_NONBLOCK)
    }
}

/// The files of the rootfs that processes have open or mapped, or work in.
struct UsedFiles {
    private struct Use {
        var isMapped = false
        var hasSize = false
    }

    /// By path in the container.
    private var uses: [String: Use] = [:]

    init(tree: [ContainerProcess], device: dev_t) {
        for process in tree {
            let folder = "/proc/\(process.pid)"
            for line in (Files.text(of: "\(folder)/maps") ?? "").split(separator: "\n") {
                let fields = line.split(separator: " ", maxSplits: 5)
                guard fields.count > 5 else { continue }
                add(String(fields[5].drop { $0 == " " }), folder, device, Use(isMapped: true, hasSize: true))
            }
            for number in (try? Files.names(in: "\(folder)/fd")) ?? [] {
                let isLog = Self.isLog(Files.text(of: "\(folder)/fdinfo/\(number)") ?? "")
                add(Files.linkTarget("\(folder)/fd/\(number)") ?? "", folder, device, Use(hasSize: !isLog))
            }
            add(Files.linkTarget("\(folder)/cwd") ?? "", folder, device, Use())
        }
    }

    private mutating func add(_ path: String, _ process: String, _ device: dev_t, _ use: Use) {
        guard path.hasPrefix("/"), !path.hasSuffix(" (deleted)") else { return }
        if let known = uses[path] {
            uses[path] = Use(isMapped: known.isMapped || use.isMapped, hasSize: known.hasSize || use.hasSize)
            return
        }
        var status = stat()
        guard stat("\(process)/root\(path)", &status) == 0, status.st_dev == device else { return }
        uses[path] = use
    }

    /// Whether a descriptor is for appending only: CRIU lets such a file have another size.
    static func isLog(_ fdinfo: String) -> Bool {
        let line = fdinfo.split(separator: "\n").first { $0.hasPrefix("flags:") }
        guard let flags = line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap({ Int32($0, radix: 8) })
        else { return false }
        return flags & O_ACCMODE == O_WRONLY && flags & O_APPEND != 0
    }

    /// As they are now, those that are mapped first. What has gone meanwhile is left out.
    func files(in rootfs: Descriptor) -> [UsedFile] {
        uses.sorted { ($0.value.isMapped ? 0 : 1, $0.key) < ($1.value.isMapped ? 0 : 1, $1.key) }
            .compactMap { path, use in
                guard let status = (try? RootfsPath.open(path, in: rootfs))?.status else { return nil }
                let isRegular = status.kind == .regular
                return UsedFile(
                    path: path, mode: status.st_mode, size: isRegular && use.hasSize ? Int(status.st_size) : nil,
                    isMapped: isRegular && use.isMapped)
            }
    }
}

/// Which of the files differ: some of them by name, the others by their number.
struct FileDifferences: Sendable {
    private static let mostNamed = 5
    private var named: [String] = []
    private var count = 0

    mutating func add(_ path: String, _ difference: String) {
        count += 1
        if named.count < Self.mostNamed { named.append("\(path) (\(difference))") }
    }

    func problems(at bundle: String, remedy: String) -> [String] {
        if count == 0 { return [] }
        let more = count > named.count ? " and \(count - named.count) more" : ""
        return [
            "the rootfs of \(bundle) has other files than its processes use: \(named.joined(separator: ", "))\(more): "
                + remedy
        ]
    }
}
