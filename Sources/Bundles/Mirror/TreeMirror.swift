internal import Glibc
package import LinuxSystem

/// Makes a tree the same as another one, in passes: the first ones while the other is still written, the last when it is
/// not any more. A pass looks at what has changed since the one before, and writes only what differs.
///
/// Everything is carried: content with its holes, owners, modes, times, extended attributes, hardlinks, devices, fifos,
/// sockets; what the source has not is removed. What is mounted inside either tree is left alone.
///
/// Files are taken for unchanged by size and times. Three kinds are not, and are compared byte by byte: those changed so
/// shortly before a look that another change would not show, those that were changed shortly before the copy was made,
/// and those that processes write through shared mappings: such writes do not change the times.
///
/// Used by one thread at a time.
package final class TreeMirror: @unchecked Sendable {
    /// What a pass did.
    package struct Changes: Sendable, Equatable, Codable {
        /// Files, folders and others that were made or changed, or that got other metadata.
        package var files = 0
        /// Bytes written.
        package var bytes = 0
        /// Names that were removed, each with what was below it.
        package var removed = 0

        package init() {}

        package static func += (left: inout Changes, right: Changes) {
            left.files += right.files
            left.bytes += right.bytes
            left.removed += right.removed
        }
    }

    private let source: Descriptor
    let target: Descriptor
    private let device: dev_t
    private let targetDevice: dev_t
    /// By path from the top. What is in here is the same in the target.
    private var known: [FileName: FileState] = [:]
    private var mapped: Set<FileIdentity> = []
    private var removed: Set<FileName> = []
    /// The first name of each file that has several, in this pass.
    var links: [FileIdentity: FileName] = [:]
    private var now = 0
    private var isCancelled: () -> Bool = { false }
    var changes = Changes()
    var writer = ContentWriter()

    /// Deeper trees would need more descriptors than a process usually may have open.
    private static let deepest = 300

    /// - Parameters:
    ///   - source: a folder.
    ///   - target: the folder that becomes the same.
    package init(of source: Descriptor, in target: Descriptor) throws {
        self.source = source
        self.target = target
        device = try source.status().st_dev
        targetDevice = try target.status().st_dev
    }

    /// Makes the target as the source is now. What it wrote is on disk when this returns.
    /// - Parameters:
    ///   - mapped: the files that processes write through shared mappings now.
    ///   - isCancelled: asked now and then; true ends the pass with `.interrupted`, and the next one goes on there.
    package func pass(mapped: Set<FileIdentity>, isCancelled: @escaping () -> Bool = { false }) throws -> Changes {
        try RootfsWriter.ownUmask()
        // Also those of the passes before: what was written through a mapping that is gone shows no time either.
        self.mapped.formUnion(mapped)
        self.isCancelled = isCancelled
        (links, changes, now) = ([:], Changes(), time(nil))
        defer {
            self.isCancelled = { false }
            forgetRemoved()
        }
        try walk(Folder(source: source, target: { [target] in target }, path: [], depth: 0), source.status())
        try writer.sync()
        return changes
    }

    /// A folder on both sides; the target's is opened only where something differs.
    final class Folder {
        let source: Descriptor
        let path: [UInt8]
        let depth: Int
        private let open: () throws -> Descriptor
        private var opened: Descriptor?

        init(source: Descriptor, target: @escaping () throws -> Descriptor, path: [UInt8], depth: Int) {
            self.source = source
            self.path = path
            self.depth = depth
            open = target
        }

        func target() throws -> Descriptor {
            if let opened { return opened }
            let descriptor = try open()
            opened = descriptor
            return descriptor
        }

        func path(of name: FileName) -> FileName { FileName(path + name.bytes)! }
    }

    private func walk(_ folder: Folder, _ status: stat) throws {
        if folder.depth > Self.deepest {
            throw BundleError(.unsupported, "a folder lies deeper than \(Self.deepest) levels; this is not copied")
        }
        let names = try folder.source.names()
        for name in names {
            if isCancelled() { throw Cancellation.interrupted }
            do {
                try visit(name, folder)
            } catch let error as SystemError {
                throw BundleError(.system, "cannot bring '/\(folder.path(of: name))' up to date", cause: error)
            }
        }
        let path = FileName(folder.path)!
        if isKnown(path, status) { return }
        let there = Set(names)
        for name in try folder.target().names() where !there.contains(name) {
            // A mount point of the host's is not the container's.
            guard let old = try folder.target().statusIfPresent(of: name), old.st_dev == targetDevice else { continue }
            try remove(name, folder)
            changes.removed += 1
        }
        // Last: what was put into it has changed its times.
        if try copyMetadata(of: folder.source, status, to: folder.target()) { changes.files += 1 }
        try writer.changed(folder.target())
        remember(path, status)
    }

    private func visit(_ name: FileName, _ folder: Folder) throws {
        guard let status = try folder.source.statusIfPresent(of: name), let kind = status.kind else { return }
        let path = folder.path(of: name)
        guard status.st_dev == device else { return try keepMountPoint(name, kind, folder) }
        if kind == .directory { return try visitFolder(name, path, status, folder) }
        if isKnown(path, status) { return }
        let done =
            kind == .regular
            ? try mirrorFile(name, path, folder, isSuspect: mapped.contains(status.identity))
            : try mirrorOther(name, kind, path, status, folder)
        if let done { remember(path, done) }
    }

    private func visitFolder(_ name: FileName, _ path: FileName, _ status: stat, _ folder: Folder) throws {
        // It may have gone, or become a symlink, since it was listed.
        guard let source = try openIfPresent(name, O_RDONLY | O_DIRECTORY, in: folder.source) else { return }
        if !isKnown(path, status) {
            let there = try folder.target().statusIfPresent(of: name)
            if there?.kind != .directory {
                if there != nil { try remove(name, folder) }
                try folder.target().makeDirectory(name, mode: 0o700)
            }
        }
        let inner = Folder(
            source: source, target: { try folder.target().open(name, O_RDONLY | O_DIRECTORY) },
            path: path.bytes + [0x2f], depth: folder.depth + 1)
        try walk(inner, source.status())
    }

    /// What is mounted there is not part of the tree; the place is.
    private func keepMountPoint(_ name: FileName, _ kind: FileKind, _ folder: Folder) throws {
        if try folder.target().statusIfPresent(of: name) != nil { return }
        if kind == .directory { return try folder.target().makeDirectory(name, mode: 0o755) }
        try folder.target().makeNode(name, mode: S_IFREG | 0o644, device: 0)
    }

    func remove(_ name: FileName, _ folder: Folder) throws {
        try folder.target().removeTree(name)
        removed.insert(folder.path(of: name))
    }

    /// What was removed may come back under its old name, looking as it did.
    private func forgetRemoved() {
        if removed.isEmpty { return }
        known = known.filter { path, _ in
            let bytes = path.bytes
            return !removed.contains(path)
                && !bytes.indices.contains { bytes[$0] == 0x2f && removed.contains(FileName(bytes[..<$0])!) }
        }
        removed = []
    }

    private func isKnown(_ path: FileName, _ status: stat) -> Bool {
        guard let before = known[path], before == FileState(status) else { return false }
        return !mapped.contains(before.identity)
    }

    /// Notes that the target has what the source had at this status, where a later change is sure to show.
    private func remember(_ path: FileName, _ status: stat) {
        let state = FileState(status)
        known[path] = state.isSettled(at: now) ? state : nil
    }

    func openIfPresent(_ name: FileName, _ flags: Int32, in folder: Descriptor) throws -> Descriptor? {
        do {
            return try folder.open(name, flags)
        } catch {
            // ELOOP, ENOTDIR, ENXIO: it has become something else meanwhile.
            if [ENOENT, ELOOP, ENOTDIR, ENXIO].contains(error.code) { return nil }
            throw error
        }
    }
}
