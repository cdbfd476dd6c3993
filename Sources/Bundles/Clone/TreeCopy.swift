internal import Glibc
internal import LinuxSystem

/// Copies a tree with everything that its files have: owners, modes, times, extended attributes, holes, hardlinks
/// among themselves, devices, fifos and sockets. Reached by held descriptors on both sides.
///
/// A file that vanishes while the tree is read is left out, as if the copy had been made a moment later. What is
/// mounted inside the tree is left out too, its mount point stays.
final class TreeCopy {
    private let cancellation: Cancellation
    private let progress: Progress?
    private let device: dev_t
    private var files = FileCopy()
    /// The first copy of each file that has several names.
    private var links: [FileIdentity: FileName] = [:]
    private var root: Descriptor?
    /// Where in the copy the work is, from `root`; ends in a slash unless it is empty.
    private var path: [UInt8] = []

    /// Deeper trees would need more descriptors than a process usually may have open.
    private static let deepest = 400

    init(of source: Descriptor, progress: Progress?, _ cancellation: Cancellation) throws(SystemError) {
        device = try source.status().st_dev
        self.progress = progress
        self.cancellation = cancellation
    }

    /// Copies the contents of `source` into `target`, then `source`'s own metadata onto it.
    func copy(_ source: Descriptor, to target: Descriptor, skipping: (FileName) -> Bool = { _ in false }) throws {
        root = target
        try copyContents(source, to: target, depth: 0, skipping: skipping)
        let status = try source.status()
        try copyMetadata(source, status, to: target)
        try target.setTimes(access: status.st_atim, modification: status.st_mtim)
    }

    private func copyContents(
        _ source: Descriptor, to target: Descriptor, depth: Int, skipping: (FileName) -> Bool
    ) throws {
        if depth > Self.deepest {
            throw BundleError(.unsupported, "a folder lies deeper than \(Self.deepest) levels; this is not copied")
        }
        for name in try source.names() where !skipping(name) {
            try cancellation.check()
            guard let status = try source.statusIfPresent(of: name), let kind = status.kind else { continue }
            do {
                try copy(name, kind, status, from: source, to: target, depth: depth)
            } catch let error as SystemError {
                throw BundleError(.system, "cannot copy '\(name)'", cause: error)
            }
        }
    }

    private func copy(
        _ name: FileName, _ kind: FileKind, _ status: stat, from source: Descriptor, to target: Descriptor, depth: Int
    ) throws {
        if kind != .directory, status.st_nlink > 1 {
            if let first = links[status.identity], let root {
                return try target.makeHardlink(name, to: first, in: root)
            }
            links[status.identity] = FileName(path + name.bytes)
        }
        switch kind {
        case .regular: try copyFile(name, from: source, to: target)
        case .directory: try copyFolder(name, from: source, to: target, depth: depth)
        case .symlink:
            try target.makeSymlink(name, to: try source.readSymlink(name))
            try copyMetadata(of: name, status, from: source, to: target)
        case .characterDevice, .blockDevice, .fifo, .socket:
            try target.makeNode(name, mode: kind.modeBits | 0o600, device: status.st_rdev)
            try copyMetadata(of: name, status, from: source, to: target)
        }
    }

    private func copyFile(_ name: FileName, from source: Descriptor, to target: Descriptor) throws {
        guard let from = try openIfPresent(name, O_RDONLY | O_NONBLOCK, in: source) else {
            // It has vanished, and no other name of it may be linked to a copy that is not there.
            let missing = FileName(path + name.bytes)
            links = links.filter { $0.value != missing }
            return
        }
        let status = try from.status()
        let to = try target.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        try files.copy(from, to: to, size: Int(status.st_size), blocks: Int(status.st_blocks))
        progress?.advance(by: Int(status.st_size))
        try copyMetadata(from, status, to: to)
        try to.setTimes(access: status.st_atim, modification: status.st_mtim)
    }

    private func copyFolder(_ name: FileName, from source: Descriptor, to target: Descriptor, depth: Int) throws {
        guard let from = try openIfPresent(name, O_RDONLY | O_DIRECTORY, in: source) else { return }
        let status = try from.status()
        try target.makeDirectory(name, mode: 0o700)
        let to = try target.open(name, O_RDONLY | O_DIRECTORY)
        if status.st_dev == device {
            let outer = path.count
            path += name.bytes + [0x2f]
            try copyContents(from, to: to, depth: depth + 1) { _ in false }
            path.removeLast(path.count - outer)
        }
        try copyMetadata(from, status, to: to)
        try to.setTimes(access: status.st_atim, modification: status.st_mtim)
    }

    private func openIfPresent(_ name: FileName, _ flags: Int32, in folder: Descriptor) throws -> Descriptor? {
        do {
            return try folder.open(name, flags)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// In this order: a change of owner takes setuid bits and capabilities away.
    private func copyMetadata(_ source: Descriptor, _ status: stat, to target: Descriptor) throws {
        try target.setOwner(status.st_uid, status.st_gid)
        try target.setMode(status.permissions)
        for (name, value) in try source.attributes() { try target.setAttribute(name, value) }
    }

    private func copyMetadata(of name: FileName, _ status: stat, from source: Descriptor, to target: Descriptor) throws
    {
        try target.setOwner(of: name, status.st_uid, status.st_gid)
        if status.kind != .symlink { try target.setMode(of: name, status.permissions) }
        for (attribute, value) in try source.attributes(of: name) {
            try target.setAttribute(of: name, attribute, value)
        }
        try target.setTimes(of: name, access: status.st_atim, modification: status.st_mtim)
    }
}
