internal import Glibc
internal import LinuxSystem

/// Open descriptors of the folders that were used last, so that most entries need no look-up of their parents.
///
/// Everything is reached through held descriptors: a tree that somebody swaps underneath changes nothing.
final class DirectoryCache {
    final class Folder {
        let descriptor: Descriptor
        /// Whether new files in it get its group instead of ours.
        var setsGroup: Bool
        let identity: FileIdentity

        init(_ descriptor: Descriptor) throws(SystemError) {
            self.descriptor = descriptor
            let status = try descriptor.status()
            setsGroup = status.st_mode & S_ISGID != 0
            identity = status.identity
        }
    }

    let root: Folder
    private var folders: [EntryPath: Folder] = [:]
    private var last: (path: EntryPath, folder: Folder)
    private static let mostFolders = 128

    init(root: Descriptor) throws(SystemError) {
        self.root = try Folder(root)
        last = (.root, self.root)
    }

    subscript(path: EntryPath) -> Folder? {
        get {
            if path == last.path { return last.folder }
            if path.isRoot { return root }
            guard let folder = folders[path] else { return nil }
            last = (path, folder)
            return folder
        }
        set {
            if folders.count >= Self.mostFolders { folders.removeAll(keepingCapacity: true) }
            folders[path] = newValue
            if let newValue { last = (path, newValue) } else if path == last.path { last = (.root, root) }
        }
    }

    /// A name was removed or replaced: what was reached through it may be somewhere else now.
    func forget() {
        folders.removeAll(keepingCapacity: true)
        last = (.root, root)
    }
}
