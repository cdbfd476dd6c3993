internal import CLinux
package import Glibc

/// Work on names inside this directory. A `name` is one component unless a method says otherwise; no method follows
/// a symlink at its end.
extension Descriptor {
    package func open(_ name: FileName, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        let raw = try retrying("open", name.description) {
            name.withCString { Glibc.openat(self.raw, $0, flags | O_CLOEXEC | O_NOFOLLOW, mode) }
        }
        return Descriptor(owning: raw)
    }

    /// Opens a path as if this directory were the root (openat2(2), `RESOLVE_IN_ROOT`); follows symlinks, inside only.
    package func openInRoot(
        path: FileName, _ flags: Int32, mode: UInt32 = 0
    ) throws(SystemError) -> Descriptor {
        let resolve = UInt64(BLT_RESOLVE_IN_ROOT | BLT_RESOLVE_NO_MAGICLINKS)
        let raw = try retrying("open", path.description) {
            var result: Int32
            repeat {
                result = path.withCString {
                    blt_openat2(self.raw, $0, UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), UInt64(mode), resolve)
                }
            } while result < 0 && errno == EAGAIN
            return result
        }
        return Descriptor(owning: raw)
    }

    package func status(of name: FileName) throws(SystemError) -> stat {
        var result = stat()
        try retrying("read the status of", name.description) {
            name.withCString { fstatat(raw, $0, &result, AT_SYMLINK_NOFOLLOW) }
        }
        return result
    }

    /// `nil` where there is nothing under this name.
    package func statusIfPresent(of name: FileName) throws(SystemError) -> stat? {
        do {
            return try status(of: name)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    package func makeDirectory(_ name: FileName, mode: UInt32) throws(SystemError) {
        try retrying("create the folder", name.description) { name.withCString { mkdirat(raw, $0, mode) } }
    }

    package func makeSymlink(_ name: FileName, to target: FileName) throws(SystemError) {
        try retrying("create the symlink", name.description) {
            name.withCString { name in target.withCString { symlinkat($0, raw, name) } }
        }
    }

    package func makeNode(_ name: FileName, mode: UInt32, device: dev_t) throws(SystemError) {
        try retrying("create the special file", name.description) {
            name.withCString { mknodat(raw, $0, mode, device) }
        }
    }

    /// Gives `other` in `directory` a second name here. A symlink is linked itself, not what it points to.
    package func makeHardlink(
        _ name: FileName, to other: FileName, in directory: Descriptor
    ) throws(SystemError) {
        try retrying("create the hardlink", name.description) {
            name.withCString { name in other.withCString { linkat(directory.raw, $0, raw, name, 0) } }
        }
    }

    package func remove(_ name: FileName, directory: Bool = false) throws(SystemError) {
        try retrying("remove", name.description) {
            name.withCString { unlinkat(raw, $0, directory ? AT_REMOVEDIR : 0) }
        }
    }

    package func readSymlink(_ name: FileName) throws(SystemError) -> FileName {
        let size = Int(PATH_MAX) + 1
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
        defer { buffer.deallocate() }
        let count = try retrying("read the symlink", name.description) {
            name.withCString { readlinkat(raw, $0, buffer, size) }
        }
        let bytes = UnsafeBufferPointer(start: buffer, count: count).map { UInt8(bitPattern: $0) }
        guard let target = FileName(bytes) else {
            throw SystemError(code: EINVAL, operation: "read the symlink", subject: name.description)
        }
        return target
    }

    /// Renames within two open directories; fails with EEXIST where the new name is taken.
    package func rename(
        _ name: FileName, to newName: FileName, in directory: Descriptor
    ) throws(SystemError) {
        try retrying("rename", "\(name) to \(newName)") {
            name.withCString { name in
                newName.withCString { blt_rename_noreplace(raw, name, directory.raw, $0) }
            }
        }
    }

    /// The names in this directory, without `.` and `..`, in the file system's order.
    package func names() throws(SystemError) -> [FileName] {
        try entries().map(\.name)
    }

    /// The names, and what they are where the file system says so.
    package func entries() throws(SystemError) -> [(name: FileName, kind: FileKind?)] {
        // A descriptor of its own: the stream moves its offset and closes it.
        let copy = try retrying("open a folder", "") { Glibc.openat(raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(copy) else {
            let error = SystemError.last("read a folder")
            _ = Glibc.close(copy)
            throw error
        }
        defer { closedir(stream) }
        var entries: [(name: FileName, kind: FileKind?)] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError.last("read a folder") }
                return entries
            }
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes == [0x2e] || bytes == [0x2e, 0x2e] { continue }
            // d_type is the mode's type bits.
            if let name = FileName(bytes) { entries.append((name, FileKind(mode: UInt32(entry.pointee.d_type) << 12))) }
        }
    }

    /// Removes what is under this name, folders with all their contents. Nothing outside is touched: symlinks are
    /// removed, not followed, and other file systems mounted below make it fail with EBUSY.
    package func removeTree(_ name: FileName) throws(SystemError) {
        do {
            return try remove(name)
        } catch {
            if error.code == ENOENT { return }
            if error.code != EISDIR, error.code != EPERM { throw error }
        }
        let directory = try open(name, O_RDONLY | O_DIRECTORY)
        try directory.removeContents()
        try remove(name, directory: true)
    }

    /// - Returns: false if it is a folder.
    private func removeUnlessDirectory(_ name: FileName) throws(SystemError) -> Bool {
        do {
            try remove(name)
        } catch {
            if error.code == EISDIR || error.code == EPERM { return false }
            if error.code != ENOENT { throw error }
        }
        return true
    }

    /// Empties this folder. A loop, not a recursion: a hostile tree may be deeper than the stack.
    package func removeContents() throws(SystemError) {
        /// The folders from here down to the one being emptied. Each holds a descriptor, so depth is bounded by
        /// moving what is deep up to the top: a folder beyond the limit is renamed into this one and handled later.
        var stack: [(folder: Descriptor, name: FileName?)] = [(try duplicate(), nil)]
        var serial = 0
        while let (folder, name) = stack.last {
            var descended = false
            for child in try folder.names() {
                if try folder.removeUnlessDirectory(child) { continue }
                if stack.count >= 64 {
                    serial += 1
                    try folder.rename(child, to: FileName(".removing-\(getpid())-\(serial)"), in: stack[0].folder)
                    continue
                }
                stack.append((try folder.open(child, O_RDONLY | O_DIRECTORY), child))
                descended = true
                break
            }
            if descended { continue }
            // Folders that were moved up are found by reading the top again.
            if stack.count == 1 {
                if try folder.names().isEmpty { return }
                continue
            }
            stack.removeLast()
            if let name { try stack[stack.count - 1].folder.remove(name, directory: true) }
        }
    }
}
