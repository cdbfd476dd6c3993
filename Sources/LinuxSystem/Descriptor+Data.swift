internal import CLinux
internal import Glibc

/// Writing at offsets, holes, and copying between files without passing the data through this process.
extension Descriptor {
    package func write(all buffer: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var written = 0
        while written < buffer.count {
            written += try retrying("write") {
                pwrite(raw, buffer.baseAddress! + written, buffer.count - written, offset + written)
            }
        }
    }

    package func setSize(_ size: Int) throws(SystemError) {
        try retrying("set the size of", "a file") { ftruncate(raw, size) }
    }

    package func sync() throws(SystemError) {
        try retrying("write to disk", "a file") { fsync(raw) }
    }

    /// Where the next data (`SEEK_DATA`) or hole (`SEEK_HOLE`) at or after `offset` begins; `nil` after the last data.
    package func seek(_ offset: Int, _ whence: Int32) throws(SystemError) -> Int? {
        do {
            return try retrying("seek in", "a file") { lseek(raw, offset, whence) }
        } catch {
            if error.code == ENXIO { return nil }
            throw error
        }
    }

    /// Makes this empty file share all of `source`'s extents (`FICLONE`).
    /// - Returns: false where the file system cannot.
    package func reflink(from source: Descriptor) throws(SystemError) -> Bool {
        do {
            try retrying("reflink", "a file") { blt_reflink(raw, source.raw) }
            return true
        } catch {
            if [EOPNOTSUPP, ENOTTY, EXDEV, EINVAL, ENOSYS].contains(error.code) { return false }
            throw error
        }
    }

    /// Ends a lock now. Closing alone ends it later where another thread has just forked a child that has not yet
    /// become another program: until then the child has a copy of every descriptor.
    package func unlock() {
        _ = flock(raw, LOCK_UN)
    }

    /// Takes a lock that ends with the last copy of this descriptor, whoever holds it. Waits for nobody.
    /// - Returns: false if somebody else holds it.
    package func tryLock(exclusive: Bool = true) throws(SystemError) -> Bool {
        do {
            try retrying("lock", "a folder") { flock(raw, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) }
            return true
        } catch {
            if error.code == EWOULDBLOCK { return false }
            throw error
        }
    }

    /// The same for what nobody living works on: a process that was killed just after it had forked leaves the lock to
    /// the child until that becomes another program.
    /// - Returns: false if somebody alive has taken it, or the kernel does not say who has.
    package func tryLockOfDead(within patience: Duration = .seconds(10)) throws(SystemError) -> Bool {
        let start = ContinuousClock.now
        while try !tryLock() {
            let isLockedByLiving = try isLockedByLiving()
            guard isLockedByLiving != true,
                .now - start < (isLockedByLiving == nil ? min(patience, .seconds(1)) : patience)
            else { return false }
            usleep(5000)
        }
        return true
    }

    /// Whether one of those that have locked it, by number, lives (proc_locks(5)); nil where nobody is named: from
    /// within a PID namespace, those that are outside and those that have ended are not.
    private func isLockedByLiving() throws(SystemError) -> Bool? {
        // Its file system's device is another one there where that is made of several.
        let suffix = ":\(try status().st_ino)"
        let holders = (Files.text(of: "/proc/locks") ?? "").split(separator: "\n").compactMap { line -> Int32? in
            let fields = line.split(separator: " ")
            guard let kind = fields.firstIndex(of: "FLOCK"), fields.count > kind + 4,
                fields[kind + 4].hasSuffix(suffix)
            else { return nil }
            return Int32(fields[kind + 3])
        }
        if holders.isEmpty { return nil }
        return holders.contains { pid in
            guard let process = try? ProcessHandle(pid) else { return false }
            return ((try? process.end()) ?? nil) == nil
        }
    }
}

extension Descriptor {
    /// A file without a name in this folder's file system, gone when it is closed.
    package static func openUnnamed(in folder: String) throws(SystemError) -> Descriptor {
        try open(folder, blt_o_tmpfile | O_RDWR, mode: 0o600)
    }

    package static func openUnnamed(in folder: Descriptor) throws(SystemError) -> Descriptor {
        try open(".", blt_o_tmpfile | O_RDWR, mode: 0o600, in: folder)
    }
}
