internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Copies a tree with everything that its files have: owners, modes, times, extended attributes, holes, hardlinks
/// among themselves, devices, fifos and sockets. Reached by held descriptors on both sides, a folder at a time, by as
/// many threads as there are processors.
///
/// A file that vanishes while the tree is read is left out, as if the copy had been made a moment later. What is
/// mounted inside the tree is left out too, its mount point stays.
final class TreeCopy: Sendable {
    private let cancellation: Cancellation
    private let progress: Progress?
    private let device: dev_t
    /// In a user namespace.
    private let owners: RecordedOwners?
    private let target: Descriptor
    /// The first copy of each file that has several names, by its path from `target`. Such files are copied one at a
    /// time, so that what is in here is there.
    private let links = Mutex<[FileIdentity: FileName]>([:])
    private let work = FolderWork()

    /// Deeper trees would need more descriptors than a process usually may have open.
    private static let deepest = 300

    /// A folder that has been made and waits to be filled.
    struct Folder {
        let source: Descriptor
        let target: Descriptor
        let status: stat
        /// From the top; ends in a slash unless it is empty.
        let path: [UInt8]
        let depth: Int
    }

    init(
        to target: Descriptor, of source: Descriptor, progress: Progress?, _ cancellation: Cancellation,
        owners: RecordedOwners? = nil
    ) throws {
        self.owners = owners
        device = try source.status().st_dev
        self.target = target
        self.progress = progress
        self.cancellation = cancellation
    }

    /// Copies the contents of `source` into `target`, and `source`'s own metadata onto it.
    static func copy(
        _ source: Descriptor, to target: Descriptor, progress: Progress?, _ cancellation: Cancellation,
        owners: RecordedOwners? = nil, skipping: @escaping @Sendable (FileName) -> Bool = { _ in false }
    ) async throws {
        let copy = try TreeCopy(to: target, of: source, progress: progress, cancellation, owners: owners)
        let top = Folder(source: source, target: target, status: try source.status(), path: [], depth: 0)
        try copy.copyMetadata(source, top.status, to: target)
        copy.work.push(top)
        let threads = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<threads {
                group.addTask { try await onThread("copy") { try copy.run(skipping) } }
            }
            try await group.waitForAll()
        }
    }

    /// One thread's share.
    private func run(_ skipping: (FileName) -> Bool) throws {
        do {
            try RootfsWriter.ownUmask()
            var files = FileCopy()
            while let folder = work.take() {
                try fill(folder, &files, skipping)
                work.finished()
            }
        } catch {
            work.stop()
            throw error
        }
    }

    private func fill(_ folder: Folder, _ files: inout FileCopy, _ skipping: (FileName) -> Bool) throws {
        for (name, kind) in try folder.source.entries() where folder.depth > 0 || !skipping(name) {
            try cancellation.check()
            do {
                if kind == .regular {
                    try copyFile(name, folder, &files)
                } else if kind == .directory {
                    try copyFolder(name, folder, &files)
                } else {
                    try copyOther(name, folder, &files)
                }
            } catch let error as SystemError {
                let path = String(decoding: folder.path, as: UTF8.self)
                throw BundleError(.system, "cannot copy '\(path)\(name)'", cause: error)
            }
        }
        // Nothing is put into it any more; what is put into its folders does not count.
        try folder.target.setTimes(access: folder.status.st_atim, modification: folder.status.st_mtim)
    }

    private func copyFile(_ name: FileName, _ folder: Folder, _ files: inout FileCopy) throws {
        guard let source = try openIfPresent(name, O_RDONLY | O_NONBLOCK, in: folder.source) else { return }
        let status = try source.status()
        if status.kind != .regular { return try copyOther(name, folder, &files) }
        if status.st_nlink > 1 {
            var own = files
            try linkOrCopy(name, status, folder) { try copyContent(source, status, name, folder, &own) }
            files = own
        } else {
            try copyContent(source, status, name, folder, &files)
        }
    }

    /// - Parameter copy: makes the first of several names.
    private func linkOrCopy(_ name: FileName, _ status: stat, _ folder: Folder, _ copy: () throws -> Void) throws {
        try links.withLock { links in
            if let first = links[status.identity] {
                return try folder.target.makeHardlink(name, to: first, in: target)
            }
            try copy()
            links[status.identity] = FileName(folder.path + name.bytes)
        }
    }

    private func copyContent(
        _ source: Descriptor, _ status: stat, _ name: FileName, _ folder: Folder, _ files: inout FileCopy
    ) throws {
        let to = try folder.target.open(name, O_RDWR | O_CREAT | O_EXCL, mode: status.permissions & 0o777)
        try files.copy(source, to: to, size: Int(status.st_size), blocks: Int(status.st_blocks))
        progress?.advance(by: Int(status.st_size))
        let (user, group) = owner(status)
        if user != 0 || group != 0 || folder.status.st_mode & S_ISGID != 0 { try to.setOwner(user, group) }
        if status.permissions & 0o7000 != 0 { try to.setMode(status.permissions) }
        try copyAttributes(source.attributes(), to: to)
        try to.setTimes(access: status.st_atim, modification: status.st_mtim)
    }

    private func copyFolder(_ name: FileName, _ folder: Folder, _ files: inout FileCopy) throws {
        guard let source = try openIfPresent(name, O_RDONLY | O_DIRECTORY, in: folder.source) else { return }
        let status = try source.status()
        if folder.depth >= Self.deepest {
            throw BundleError(.unsupported, "a folder lies deeper than \(Self.deepest) levels; this is not copied")
        }
        try folder.target.makeDirectory(name, mode: 0o700)
        let to = try folder.target.open(name, O_RDONLY | O_DIRECTORY)
        try copyMetadata(source, status, to: to)
        if status.st_dev != device {
            return try to.setTimes(access: status.st_atim, modification: status.st_mtim)
        }
        let inner = Folder(
            source: source, target: to, status: status, path: folder.path + name.bytes + [0x2f], depth: folder.depth + 1
        )
        // Each that waits holds two descriptors.
        if !work.pushIfRoom(inner) { try fill(inner, &files) { _ in false } }
    }

    /// Symlinks, devices, fifos, sockets, and what the file system did not say of.
    private func copyOther(_ name: FileName, _ folder: Folder, _ files: inout FileCopy) throws {
        guard let status = try folder.source.statusIfPresent(of: name), let kind = status.kind else { return }
        switch kind {
        case .regular: try copyFile(name, folder, &files)
        case .directory: try copyFolder(name, folder, &files)
        case .symlink, .characterDevice, .blockDevice, .fifo, .socket:
            func make() throws {
                if kind == .symlink {
                    try folder.target.makeSymlink(name, to: try folder.source.readSymlink(name))
                } else if let owners, kind == .characterDevice || kind == .blockDevice {
                    return try owners.place(name, status, in: folder.target)
                } else {
                    try folder.target.makeNode(name, mode: kind.modeBits | 0o600, device: status.st_rdev)
                }
                try copyMetadata(of: name, status, folder)
            }
            if status.st_nlink > 1 { try linkOrCopy(name, status, folder, make) } else { try make() }
        }
    }

    private func openIfPresent(_ name: FileName, _ flags: Int32, in folder: Descriptor) throws -> Descriptor? {
        do {
            return try folder.open(name, flags)
        } catch {
            // ELOOP: it was a file, and has become a symlink.
            if error.code == ENOENT || error.code == ELOOP { return nil }
            throw error
        }
    }

    /// In this order: a change of owner takes setuid bits and capabilities away.
    private func copyMetadata(_ source: Descriptor, _ status: stat, to target: Descriptor) throws {
        let (user, group) = owner(status)
        try target.setOwner(user, group)
        try target.setMode(status.permissions)
        try copyAttributes(source.attributes(), to: target)
    }

    /// Ids that the user namespace lacks all look alike: what is theirs becomes root's.
    private func owner(_ status: stat) -> (uid_t, gid_t) {
        guard let owners else { return (status.st_uid, status.st_gid) }
        return (owners.user(status.st_uid), owners.group(status.st_gid))
    }

    private func copyAttributes(_ attributes: [(name: FileName, value: [UInt8])], to target: Descriptor) throws {
        for (name, value) in attributes where !FileMetadata.isForeign(name.bytes) {
            do {
                try target.setAttribute(name, value)
            } catch {
                guard let owners, owners.mayLack(name, error) else { throw error }
            }
        }
    }

    private func copyMetadata(of name: FileName, _ status: stat, _ folder: Folder) throws {
        let (user, group) = owner(status)
        try folder.target.setOwner(of: name, user, group)
        if status.kind != .symlink { try folder.target.setMode(of: name, status.permissions) }
        for (attribute, value) in try folder.source.attributes(of: name) where owners == nil {
            try folder.target.setAttribute(of: name, attribute, value)
        }
        try folder.target.setTimes(of: name, access: status.st_atim, modification: status.st_mtim)
    }
}
