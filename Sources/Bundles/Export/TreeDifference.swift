internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What has to be done to one tree to make it another: the entries of a layer, whiteouts included, in a fixed order.
final class TreeDifference {
    private let base: Descriptor?
    private let tree: Descriptor
    private let cancellation: Cancellation
    /// Owners and devices are those that were recorded where they could not be had.
    private let isRecorded: Bool
    /// The names of each file that has several, for both trees.
    private var baseGroups: [FileIdentity: [[UInt8]]] = [:]
    private var groups: [FileIdentity: [[UInt8]]] = [:]
    private var linked: [FileIdentity: [UInt8]] = [:]
    /// Takes an entry and, for a regular file, what is in it.
    private let emit: (TarEntry, Descriptor?) throws -> Void

    private static let deepest = 200

    /// - Parameter base: without one, all of `tree` is new.
    init(
        from base: Descriptor?, to tree: Descriptor, isRecorded: Bool = false, _ cancellation: Cancellation,
        _ emit: @escaping (TarEntry, Descriptor?) throws -> Void
    ) {
        self.base = base
        self.tree = tree
        self.isRecorded = isRecorded
        self.cancellation = cancellation
        self.emit = emit
    }

    func run() throws {
        if let base { baseGroups = try Self.groups(in: base, cancellation) }
        groups = try Self.groups(in: tree, cancellation)
        if try base == nil || !hasSameMetadata(base!, tree) {
            try emit(entry(tree, path: Array("./".utf8), .directory), nil)
        }
        try compare(base, tree, path: [], depth: 0)
    }

    private static func groups(in top: Descriptor, _ cancellation: Cancellation) throws -> [FileIdentity: [[UInt8]]] {
        var groups: [FileIdentity: [[UInt8]]] = [:]
        func walk(_ folder: Descriptor, _ path: [UInt8], _ depth: Int) throws {
            if depth > deepest { throw BundleError(.unsupported, "a folder lies deeper than \(deepest) levels") }
            for (name, _) in try folder.entries() {
                try cancellation.check()
                let status = try folder.status(of: name)
                let inner = path + name.bytes
                if status.kind == .directory {
                    try walk(folder.open(name, O_RDONLY | O_DIRECTORY), inner + [0x2f], depth + 1)
                } else if status.st_nlink > 1 {
                    groups[status.identity, default: []].append(inner)
                }
            }
        }
        try walk(top, [], 0)
        return groups.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
    }

    private func compare(_ base: Descriptor?, _ tree: Descriptor, path: [UInt8], depth: Int) throws {
        if depth > Self.deepest { throw BundleError(.unsupported, "a folder lies deeper than \(Self.deepest) levels") }
        let names = Set(try tree.names())
        let baseNames = try base.map { Set(try $0.names()) } ?? []
        for name in names.union(baseNames).sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            try cancellation.check()
            if !names.contains(name) {
                var whiteout = TarEntry()
                whiteout.path = path + Array(".wh.".utf8) + name.bytes
                try emit(whiteout, nil)
            } else {
                if name.hasPrefix(".wh.") {
                    throw BundleError(.unsupported, "'\(name)' cannot be in a layer: its name means a whiteout")
                }
                try compare(name, baseNames.contains(name) ? base : nil, tree, path: path + name.bytes, depth: depth)
            }
        }
    }

    private func compare(_ name: FileName, _ base: Descriptor?, _ tree: Descriptor, path: [UInt8], depth: Int) throws {
        let status = try tree.status(of: name)
        let old = try base?.status(of: name)
        let sameKind = old?.kind == status.kind
        switch status.kind {
        case .directory:
            let folder = try tree.open(name, O_RDONLY | O_DIRECTORY)
            let oldFolder = sameKind ? try base?.open(name, O_RDONLY | O_DIRECTORY) : nil
            if try oldFolder == nil || !hasSameMetadata(oldFolder!, folder) {
                try emit(entry(folder, path: path + [0x2f], .directory), nil)
            }
            try compare(oldFolder, folder, path: path + [0x2f], depth: depth + 1)
        case .regular:
            let file = try tree.open(name, O_RDONLY | O_NONBLOCK)
            if sameKind, let base, try isSame(base.open(name, O_RDONLY | O_NONBLOCK), file, status, old) { return }
            if try emitLink(status, path) { return }
            let entry = try entry(file, path: path, .file)
            try emit(entry, entry.kind == .file ? file : nil)
        case .symlink, .characterDevice, .blockDevice, .fifo:
            if sameKind, let base, let old, try isSame(name, base, old, tree, status) { return }
            if try emitLink(status, path) { return }
            try emit(entry(name, in: tree, status, path: path), nil)
        case .socket, nil: break
        }
    }

    /// A file's second name in the layer is a hardlink to its first.
    private func emitLink(_ status: stat, _ path: [UInt8]) throws -> Bool {
        guard status.st_nlink > 1 else { return false }
        if let first = linked[status.identity] {
            var link = TarEntry()
            link.kind = .hardlink
            link.path = path
            link.linkTarget = first
            (link.mode, link.user, link.group) = (UInt32(status.permissions), status.st_uid, status.st_gid)
            (link.seconds, link.nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            try emit(link, nil)
            return true
        }
        linked[status.identity] = path
        return false
    }
}

// MARK: - Comparing

extension TreeDifference {
    private func isSame(_ old: stat, _ new: stat) -> Bool {
        old.st_mode == new.st_mode && old.st_uid == new.st_uid && old.st_gid == new.st_gid
            && old.st_mtim.tv_sec == new.st_mtim.tv_sec && old.st_mtim.tv_nsec == new.st_mtim.tv_nsec
            && old.st_rdev == new.st_rdev && (baseGroups[old.identity] ?? []) == (groups[new.identity] ?? [])
    }

    private func hasSameMetadata(_ old: Descriptor, _ new: Descriptor) throws -> Bool {
        try isSame(old.status(), new.status()) && Self.attributes(old.attributes()) == Self.attributes(new.attributes())
    }

    private static func attributes(_ list: [(name: FileName, value: [UInt8])]) -> [FileName: [UInt8]] {
        Dictionary(list.filter { !FileMetadata.isForeign($0.name.bytes) }.map { ($0.name, $0.value) }) { $1 }
    }

    private func isSame(_ old: Descriptor, _ new: Descriptor, _ status: stat, _ oldStatus: stat?) throws -> Bool {
        guard status.st_size == oldStatus?.st_size, try hasSameMetadata(old, new) else { return false }
        let buffers = (0..<2).map { _ in UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64) }
        defer { buffers.forEach { $0.deallocate() } }
        var offset = 0
        while offset < Int(status.st_size) {
            let count = try old.read(into: buffers[0], at: offset)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffers[1][..<count])
            if count == 0 { return false }
            var filled = 0
            while filled < count {
                let got = try new.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: part[filled...]), at: offset + filled)
                if got == 0 { return false }
                filled += got
            }
            if memcmp(buffers[0].baseAddress!, buffers[1].baseAddress!, count) != 0 { return false }
            offset += count
        }
        return true
    }

    private func isSame(
        _ name: FileName, _ base: Descriptor, _ old: stat, _ tree: Descriptor, _ new: stat
    ) throws -> Bool {
        guard isSame(old, new) else { return false }
        if new.kind == .symlink, try base.readSymlink(name) != tree.readSymlink(name) { return false }
        return try Self.attributes(base.attributes(of: name)) == Self.attributes(tree.attributes(of: name))
    }
}

// MARK: - Entries

extension TreeDifference {
    private func entry(_ file: Descriptor, path: [UInt8], _ kind: TarEntry.Kind) throws -> TarEntry {
        let status = try file.status()
        var entry = Self.entry(status, path: path, kind)
        if kind == .file { entry.size = Int(status.st_size) }
        entry.attributes = Self.sorted(try file.attributes())
        if isRecorded { try RecordedOwners.restore(&entry) }
        return entry
    }

    private func entry(_ name: FileName, in tree: Descriptor, _ status: stat, path: [UInt8]) throws -> TarEntry {
        let kind: TarEntry.Kind =
            switch status.kind {
            case .symlink: .symlink
            case .characterDevice: .characterDevice
            case .blockDevice: .blockDevice
            default: .fifo
            }
        var entry = Self.entry(status, path: path, kind)
        if kind == .symlink { entry.linkTarget = try tree.readSymlink(name).bytes }
        entry.deviceMajor = blt_major(UInt64(status.st_rdev))
        entry.deviceMinor = blt_minor(UInt64(status.st_rdev))
        entry.attributes = Self.sorted(try tree.attributes(of: name))
        return entry
    }

    private static func entry(_ status: stat, path: [UInt8], _ kind: TarEntry.Kind) -> TarEntry {
        var entry = TarEntry()
        entry.kind = kind
        entry.path = path
        (entry.mode, entry.user, entry.group) = (UInt32(status.permissions), status.st_uid, status.st_gid)
        (entry.seconds, entry.nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        return entry
    }

    private static func sorted(_ attributes: [(name: FileName, value: [UInt8])]) -> [(name: [UInt8], value: [UInt8])] {
        attributes.map { ($0.name.bytes, $0.value) }.filter { !FileMetadata.isForeign($0.0) }.sorted {
            $0.0.lexicographicallyPrecedes($1.0)
        }
    }
}
