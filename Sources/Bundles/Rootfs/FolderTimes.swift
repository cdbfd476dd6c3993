internal import Glibc
internal import LinuxSystem

/// The times of the folders on the way to where entries are being put: whatever is put into a folder changes its time,
/// so each gets its own when it is left.
///
/// Who comes back to a folder finds the right time on it. So there is nothing to remember of folders that were left,
/// however many an archive has.
final class FolderTimes {
    private struct Entered {
        let path: EntryPath
        let folder: DirectoryCache.Folder
        var modified: timespec
    }

    /// The outermost first, each below the one before.
    private var chain: [Entered] = []

    /// Entries follow for this folder.
    /// - Parameter modified: what its own entry says; without one it keeps the time that it has now.
    func enter(_ path: EntryPath, _ folder: DirectoryCache.Folder, modified: timespec? = nil) throws(SystemError) {
        while let last = chain.last, path != last.path, !path.isBelow(last.path) { try leaveLast() }
        // By way of a symlink it may be there under another path.
        if let index = chain.lastIndex(where: { $0.folder.identity == folder.identity }) {
            if let modified { chain[index].modified = modified }
            return
        }
        if let modified {
            chain.append(Entered(path: path, folder: folder, modified: modified))
        } else {
            chain.append(Entered(path: path, folder: folder, modified: try folder.descriptor.status().st_mtim))
        }
    }

    private func leaveLast() throws(SystemError) {
        let left = chain.removeLast()
        try left.folder.descriptor.setTimes(access: nil, modification: left.modified)
    }

    /// No entries follow.
    func leaveAll() throws(SystemError) {
        while !chain.isEmpty { try leaveLast() }
    }
}
