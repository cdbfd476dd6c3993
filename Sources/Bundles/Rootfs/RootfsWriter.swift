internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Puts entries into a rootfs. Nothing is ever written outside it: names are checked lexically, parents are held as
/// descriptors, and a symlink on the way is resolved by the kernel as if the rootfs were the whole world.
///
/// Works on one thread, whose umask it takes for itself (`ownUmask`).
final class RootfsWriter {
    let cache: DirectoryCache
    private let subject: String
    private let times = FolderTimes()
    /// Hardlinks whose target has not come yet.
    private let late: LateLinks
    /// The folder that the last entry was put into.
    private var current: (path: EntryPath, folder: DirectoryCache.Folder)?
    /// What a layer has put there itself; `nil` for plain archives, in which whiteouts are ordinary files.
    let layer: LayerRecord?
    /// Where not every owner can be had.
    private let owners: RecordedOwners?

    /// - Parameters:
    ///   - root: the rootfs, a folder that nobody else writes to.
    ///   - subject: what the entries come from, for messages.
    ///   - layer: for an image's layer.
    ///   - owners: in a user namespace.
    init(root: Descriptor, subject: String, layer: LayerRecord? = nil, owners: RecordedOwners? = nil) throws {
        cache = try DirectoryCache(root: root)
        self.owners = owners
        self.subject = subject
        self.layer = layer
        late = LateLinks(in: root)
    }

    /// Gives the calling thread a umask of its own, 0: modes then are what they are said to be, with no call more.
    static func ownUmask() throws {
        try retrying("take a umask of our own") { blt_own_umask() }
    }

    /// Puts one entry in place of whatever is there. `data` writes a regular file's content.
    func add(_ entry: TarEntry, data: (Descriptor) throws -> Void) throws {
        do {
            try place(owners?.possible(entry) ?? entry, data)
        } catch let refusal as EntryPath.Unsafe {
            throw BundleError(.refused, "\(subject): entry '\(entry.name)' is refused: \(refusal.reason)")
        } catch let error as SystemError {
            throw BundleError(.system, "cannot unpack '\(entry.name)' of \(subject)", cause: error)
        }
    }

    private func place(_ entry: TarEntry, _ data: (Descriptor) throws -> Void) throws {
        let path = try EntryPath(entry.path)
        let metadata = try FileMetadata(entry)
        guard let name = path.name else {
            guard entry.kind == .directory else { throw EntryPath.Unsafe("the root can only be a folder") }
            try apply(metadata, toFolder: cache.root.descriptor, path)
            return
        }
        if let layer, name.hasPrefix(".wh.") { return try whiteout(path, name, layer) }
        let parent = try folder(path.parent)
        late.cancel(path)
        if entry.kind != .hardlink { layer?.touch(name, in: parent.identity) }
        switch entry.kind {
        case .directory: try placeFolder(path, name, in: parent, metadata)
        case .file:
            let file = try replacing(path, name, in: parent) { () throws(SystemError) in
                try parent.descriptor.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: metadata.mode & 0o777)
            }
            try data(file)
            try apply(metadata, to: file, inheritedGroup: parent.setsGroup)
        case .symlink:
            guard !entry.linkTarget.isEmpty, let target = FileName(entry.linkTarget), target.count < PATH_MAX else {
                throw EntryPath.Unsafe("a symlink's target must have 1 to \(PATH_MAX - 1) bytes")
            }
            try replacing(path, name, in: parent) { () throws(SystemError) in
                try parent.descriptor.makeSymlink(name, to: target)
            }
            try apply(metadata, toName: name, in: parent, isSymlink: true)
        case .hardlink:
            let target = try EntryPath(entry.linkTarget)
            if target == path { throw EntryPath.Unsafe("a hardlink to itself") }
            if try !link(path, to: target, onlyIfOwn: true) {
                try late.add(path, to: target)
            }
        case .characterDevice, .blockDevice, .fifo:
            let kind: FileKind =
                switch entry.kind {
                case .characterDevice: .characterDevice
                case .blockDevice: .blockDevice
                default: .fifo
                }
            let device = kind == .fifo ? 0 : dev_t(blt_makedev(entry.deviceMajor, entry.deviceMinor))
            try replacing(path, name, in: parent) { () throws(SystemError) in
                try parent.descriptor.makeNode(name, mode: kind.modeBits | metadata.mode, device: device)
            }
            try apply(metadata, toName: name, in: parent, isSymlink: false)
        }
    }

    /// After the last entry: late hardlinks, then the folders' times.
    func finish() throws {
        do {
            if let (path, target) = try late.finish(linkLate) {
                throw BundleError(
                    .badArchive, "\(subject): entry '\(path)' is a hardlink to \(target), which is not there")
            }
            try times.leaveAll()
        } catch let error as SystemError {
            throw BundleError(.system, "cannot finish unpacking \(subject)", cause: error)
        }
    }
}

// MARK: - Parents

extension RootfsWriter {
    /// The folder at `path`, created (0755, root, from 1970) if the archive only implies it, to put something into.
    func folder(_ path: EntryPath) throws -> DirectoryCache.Folder {
        if let current, current.path == path { return current.folder }
        let folder = try find(path)
        try times.enter(path, folder)
        current = (path, folder)
        return folder
    }

    private func find(_ path: EntryPath) throws -> DirectoryCache.Folder {
        if let known = cache[path] { return known }
        guard let name = path.name else { return cache.root }
        let folder = try DirectoryCache.Folder(openOrMake(path, name, in: folder(path.parent)))
        cache[path] = folder
        return folder
    }

    /// A name was removed or replaced: what was reached through it may be somewhere else now.
    func forget() {
        cache.forget()
        current = nil
    }

    private func openOrMake(
        _ path: EntryPath, _ name: FileName, in parent: DirectoryCache.Folder
    ) throws -> Descriptor {
        do {
            return try parent.descriptor.open(name, O_RDONLY | O_DIRECTORY)
        } catch {
            switch error.code {
            case ENOENT: break
            case ENOTDIR, ELOOP:
                if let throughLink = try linkedFolder(path, name, in: parent) { return throughLink }
                // A file where a folder is needed gives way.
                try remove(path, name, in: parent)
            default: throw error
            }
        }
        try parent.descriptor.makeDirectory(name, mode: 0o755)
        let made = try parent.descriptor.open(name, O_RDONLY | O_DIRECTORY)
        if parent.setsGroup {
            try made.setOwner(0, 0)
            try made.setMode(0o755)
        }
        try made.setTimes(access: nil, modification: .epoch)
        return made
    }

    /// The folder that the symlink at `path` leads to, inside the rootfs. `nil` if `path` is no symlink.
    private func linkedFolder(
        _ path: EntryPath, _ name: FileName, in parent: DirectoryCache.Folder
    ) throws -> Descriptor? {
        guard try parent.descriptor.status(of: name).kind == .symlink else { return nil }
        do {
            return try cache.root.descriptor.openInRoot(path: path.relative, O_RDONLY | O_DIRECTORY)
        } catch {
            if ![ENOENT, ENOTDIR, ELOOP, EXDEV].contains(error.code) { throw error }
            throw EntryPath.Unsafe("its parent \(path) is a symlink that leads to no folder inside the rootfs")
        }
    }

    /// Like `folder`, and creates nothing.
    func existingFolder(_ path: EntryPath) throws(SystemError) -> DirectoryCache.Folder? {
        if let known = cache[path] { return known }
        if path.isRoot { return cache.root }
        guard let descriptor = try openFolder(path.relative) else { return nil }
        let folder = try DirectoryCache.Folder(descriptor)
        cache[path] = folder
        return folder
    }

    private func openFolder(_ path: FileName) throws(SystemError) -> Descriptor? {
        do {
            return try cache.root.descriptor.openInRoot(path: path, O_RDONLY | O_DIRECTORY)
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return nil }
            throw error
        }
    }

    /// Calls `create`; if the name is taken, removes what is there and calls it again.
    private func replacing<Result>(
        _ path: EntryPath, _ name: FileName, in parent: DirectoryCache.Folder,
        _ create: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        do {
            return try create()
        } catch {
            if error.code != EEXIST { throw error }
        }
        try remove(path, name, in: parent)
        return try create()
    }

    private func remove(_ path: EntryPath, _ name: FileName, in parent: DirectoryCache.Folder) throws(SystemError) {
        let kind = try parent.descriptor.statusIfPresent(of: name)?.kind
        try parent.descriptor.removeTree(name)
        if kind == .directory || kind == .symlink { forget() }
    }
}

// MARK: - Folders and links

extension RootfsWriter {
    private func placeFolder(
        _ path: EntryPath, _ name: FileName, in parent: DirectoryCache.Folder, _ metadata: FileMetadata
    ) throws {
        var isNew = true
        do {
            try parent.descriptor.makeDirectory(name, mode: metadata.mode)
        } catch {
            if error.code != EEXIST { throw error }
            if try parent.descriptor.status(of: name).kind == .directory {
                isNew = false
            } else {
                try remove(path, name, in: parent)
                try parent.descriptor.makeDirectory(name, mode: metadata.mode)
            }
        }
        let folder = try parent.descriptor.open(name, O_RDONLY | O_DIRECTORY)
        if !isNew {
            // The later entry's metadata is all there is.
            try folder.removeOwnAttributes()
        }
        try apply(metadata, toFolder: folder, path)
    }

    private func apply(_ metadata: FileMetadata, toFolder folder: Descriptor, _ path: EntryPath) throws {
        try folder.setOwner(metadata.user, metadata.group)
        try folder.setMode(metadata.mode)
        try setAttributes(metadata, of: folder)
        let opened = try path.isRoot ? cache.root : DirectoryCache.Folder(folder)
        if path.isRoot { opened.setsGroup = metadata.mode & S_ISGID != 0 } else { cache[path] = opened }
        try times.enter(path, opened, modified: metadata.modified)
        current = (path, opened)
        layer?.own(opened.identity)
    }

    /// - Parameter onlyIfOwn: in a layer, only if the layer itself has the target: a lower layer's may be replaced yet.
    /// - Returns: false if the target is not there.
    private func link(_ path: EntryPath, to target: EntryPath, onlyIfOwn: Bool = false) throws -> Bool {
        guard let name = path.name, let targetName = target.name else {
            throw EntryPath.Unsafe("a hardlink to a folder")
        }
        guard let targetParent = try existingFolder(target.parent),
            let status = try targetParent.descriptor.statusIfPresent(of: targetName)
        else { return false }
        if status.kind == .directory { throw EntryPath.Unsafe("a hardlink to a folder") }
        if onlyIfOwn, let layer, !layer.has(targetName, in: targetParent.identity) { return false }
        let parent = try folder(path.parent)
        layer?.touch(name, in: parent.identity)
        do {
            try parent.descriptor.makeHardlink(name, to: targetName, in: targetParent.descriptor)
        } catch {
            if error.code != EEXIST { throw error }
            // Twice the same link is what some archives hold; removing it first could remove the only name.
            if try parent.descriptor.status(of: name).identity == status.identity { return true }
            try remove(path, name, in: parent)
            try parent.descriptor.makeHardlink(name, to: targetName, in: targetParent.descriptor)
        }
        return true
    }

    /// - Returns: false if the target is not there.
    private func linkLate(_ path: EntryPath, to target: EntryPath) throws -> Bool {
        do {
            return try link(path, to: target)
        } catch let refusal as EntryPath.Unsafe {
            throw BundleError(.refused, "\(subject): entry '\(path)' is refused: \(refusal.reason)")
        }
    }

    /// Links what can be linked, before a whiteout takes a lower layer's target away.
    func linkReady() throws { try late.tryNew(linkLate) }
}

// MARK: - Metadata

extension RootfsWriter {
    /// In this order: a change of owner takes setuid bits and capabilities away.
    private func apply(_ metadata: FileMetadata, to file: Descriptor, inheritedGroup: Bool) throws(SystemError) {
        if metadata.user != 0 || metadata.group != 0 || inheritedGroup {
            try file.setOwner(metadata.user, metadata.group)
        }
        if metadata.mode & 0o7000 != 0 { try file.setMode(metadata.mode) }
        try setAttributes(metadata, of: file)
        try file.setTimes(access: nil, modification: metadata.modified)
    }

    private func apply(
        _ metadata: FileMetadata, toName name: FileName, in parent: DirectoryCache.Folder, isSymlink: Bool
    ) throws(SystemError) {
        let folder = parent.descriptor
        if metadata.user != 0 || metadata.group != 0 || parent.setsGroup {
            try folder.setOwner(of: name, metadata.user, metadata.group)
        }
        if !isSymlink, metadata.mode & 0o7000 != 0 { try folder.setMode(of: name, metadata.mode) }
        for (attribute, value) in metadata.attributes {
            try tolerating(attribute) { () throws(SystemError) in try folder.setAttribute(of: name, attribute, value) }
        }
        try folder.setTimes(of: name, access: nil, modification: metadata.modified)
    }
}

extension RootfsWriter {
    private func setAttributes(_ metadata: FileMetadata, of file: Descriptor) throws(SystemError) {
        for (name, value) in metadata.attributes {
            try tolerating(name) { () throws(SystemError) in try file.setAttribute(name, value) }
        }
    }

    /// In a user namespace some attributes are not ours to set; those that the records are kept in must be.
    private func tolerating(_ name: FileName, _ set: () throws(SystemError) -> Void) throws(SystemError) {
        do {
            try set()
        } catch {
            guard let owners, owners.mayLack(name, error) else { throw error }
        }
    }
}

extension Descriptor {
    /// Removes what an archive may have put there: labels are the system's.
    func removeOwnAttributes() throws(SystemError) {
        for (name, _) in try attributes() where !FileMetadata.isForeign(name.bytes) { try removeAttribute(name) }
    }
}

extension timespec {
    /// For folders of which no archive says when they are from: the same archives make the same tree.
    static var epoch: timespec { timespec(tv_sec: 0, tv_nsec: 0) }
}

extension EntryPath {
    /// For openat2 from the root.
    var relative: FileName {
        if isRoot { return FileName(".") }
        return FileName(Array(components.map(\.bytes).joined(separator: [0x2f])))!
    }
}
