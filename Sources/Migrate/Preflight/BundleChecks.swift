internal import Bundles
internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// Whether the container fits into the destination's bundle.
struct BundleChecks {
    let source: OCIBundle
    let destination: OCIBundle
    let tree: [ContainerProcess]
    /// Whether the files that the processes use have to be the same already.
    let comparesFiles: Bool

    func problems() throws -> [String] {
        let (from, to) = try (source.spec(), destination.spec())
        return try Self.problems(from: from, to: to, destination.path) + Self.missingSources(to, destination.path)
            + Self.spaceProblems(beside: destination.path, needed: LiveMemory(processes: tree).pages() * Page.size)
            + (comparesFiles ? fileProblems() : [])
    }

    /// What differs between the two configurations that a restore takes from them.
    static func problems(from: RuntimeSpec, to: RuntimeSpec, _ path: String) -> [String] {
        var found: [String] = []
        if from.process?.terminal == true || to.process?.terminal == true {
            found.append(
                "its configuration wants a terminal, which is not carried: 'bundletool config edit BUNDLE "
                    + "--no-terminal', and start the container anew")
        }
        let (mounts, others) = (from.mounts ?? [], to.mounts ?? [])
        for mount in mounts
        where !others.contains(where: { $0.destination == mount.destination && $0.type == mount.type }) {
            found.append(
                "\(path)/config.json lacks the mount \(mount.destination ?? "") (\(mount.type ?? "bind")): add it")
        }
        for mount in others where !mounts.contains(where: { $0.destination == mount.destination }) && mount.isBind {
            found.append("\(path)/config.json binds \(mount.destination ?? "") in addition: remove that mount")
        }
        let (mine, theirs) = (from.linux?.namespaces ?? [], to.linux?.namespaces ?? [])
        func describe(_ all: [RuntimeSpec.Namespace], _ kind: String) -> String {
            all.first { $0.type == kind }.map { $0.path ?? "a new one" } ?? "the host's"
        }
        let kinds = Set((mine + theirs).compactMap(\.type)).sorted()
        for kind in kinds where describe(mine, kind) != describe(theirs, kind) {
            found.append(
                "\(path)/config.json has another \(kind) namespace (\(describe(theirs, kind)), the container: "
                    + "\(describe(mine, kind))): make them the same")
        }
        return found
    }

    /// What the destination's configuration names on this machine has to be there.
    static func missingSources(_ spec: RuntimeSpec, _ bundle: String) -> [String] {
        let binds = (spec.mounts ?? []).filter(\.isBind).compactMap(\.source)
            .map { $0.hasPrefix("/") ? $0 : "\(bundle)/\($0)" }
        let paths = (spec.linux?.namespaces ?? []).compactMap(\.path)
        return (binds + paths).filter { !Files.exists($0) }.map {
            "\($0), which \(bundle)/config.json names, is not there: provide it"
        }
    }

    /// The images need room beside the destination.
    static func spaceProblems(beside bundle: String, needed: Int) -> [String] {
        var disk = statvfs()
        guard statvfs(bundle, &disk) == 0 else { return [] }
        let free = Int(disk.f_bavail) * Int(disk.f_frsize)
        if free >= needed { return [] }
        return [
            "No space left on device for its memory: \(ByteCount(needed)) are needed beside \(bundle), "
                + "\(ByteCount(free)) are free"
        ]
    }

    private static let mostNamed = 5

    /// Files that processes have mapped have to be the same, those that they have open of the same size and mode.
    private func fileProblems() throws -> [String] {
        let (from, to) = try (source.openRootfs(), destination.openRootfs())
        if try from.status().identity == to.status().identity { return [] }
        let device = try from.status().st_dev
        let used = UsedFiles(tree: tree, device: device)
        var different: [String] = []
        for (path, isMapped) in used.paths.sorted(by: { $0.key < $1.key }) {
            guard let mine = try? from.openInRoot(path, O_RDONLY | O_NONBLOCK) else { continue }
            guard let other = try? to.openInRoot(path, O_RDONLY | O_NONBLOCK) else {
                different.append("\(path) (is not there)")
                continue
            }
            let (one, two) = try (mine.status(), other.status())
            if one.kind != .regular { continue }
            if one.st_size != two.st_size || one.st_mode != two.st_mode {
                different.append("\(path) (\(one.st_size == two.st_size ? "mode" : "size"))")
            } else if isMapped, try !Self.haveSameContent(mine, other, Int(one.st_size)) {
                different.append("\(path) (content)")
            }
        }
        if different.isEmpty { return [] }
        let more = different.count > Self.mostNamed ? " and \(different.count - Self.mostNamed) more" : ""
        return [
            "the rootfs of \(destination.path) has other files than its processes use: "
                + different.prefix(Self.mostNamed).joined(separator: ", ") + more
                + ": '--rootfs sync' makes it the same as the container's, a clone ('bundletool clone') is kept so by itself"
        ]
    }

    private static func haveSameContent(_ one: Descriptor, _ other: Descriptor, _ size: Int) throws -> Bool {
        let piece = 1 << 20
        let (left, right) = (
            UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16),
            UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
        )
        defer {
            left.deallocate()
            right.deallocate()
        }
        var offset = 0
        while offset < size {
            let count = try one.readFully(into: left, at: offset)
            guard count > 0, try other.readFully(into: right, at: offset) == count,
                memcmp(left.baseAddress!, right.baseAddress!, count) == 0
            else { return false }
            offset += count
        }
        return true
    }
}

/// The files of the rootfs that processes have open or mapped.
private struct UsedFiles {
    /// By path in the container; true where a process has it mapped.
    private(set) var paths: [String: Bool] = [:]

    init(tree: [ContainerProcess], device: dev_t) {
        for process in tree {
            let folder = "/proc/\(process.pid)"
            for line in (Files.text(of: "\(folder)/maps") ?? "").split(separator: "\n") {
                let fields = line.split(separator: " ", maxSplits: 5)
                guard fields.count > 5 else { continue }
                add(String(fields[5].drop { $0 == " " }), folder, device, isMapped: true)
            }
            for number in (try? Files.names(in: "\(folder)/fd")) ?? [] {
                add(Files.linkTarget("\(folder)/fd/\(number)") ?? "", folder, device, isMapped: false)
            }
        }
    }

    private mutating func add(_ path: String, _ process: String, _ device: dev_t, isMapped: Bool) {
        guard path.hasPrefix("/"), !path.hasSuffix(" (deleted)") else { return }
        var status = stat()
        guard stat("\(process)/root\(path)", &status) == 0, status.st_dev == device else { return }
        paths[path] = isMapped || paths[path] == true
    }
}

extension RuntimeSpec.Mount {
    fileprivate var isBind: Bool { type == "bind" || options?.contains { $0 == "bind" || $0 == "rbind" } == true }
}
