internal import Glibc

/// Small whole-file and whole-folder operations by path, for files of our own and of the kernel.
package enum Files {
    /// The names in a folder, without `.` and `..`, in byte order.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let stream = opendir(path) else { throw SystemError.last("list the folder", path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// A file's bytes; refused with EFBIG above `limit`.
    package static func contents(of path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        do {
            return try Descriptor.open(path, O_RDONLY).contents(limit: limit)
        } catch {
            throw error.subject.isEmpty ? SystemError(code: error.code, operation: "read", subject: path) : error
        }
    }

    /// A file as text, or nil where it cannot be read.
    package static func text(of path: String, limit: Int = 64 << 20) -> String? {
        (try? contents(of: path, limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes or empties a file and writes `bytes`.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(SystemError) {
        do {
            try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: mode).write(all: bytes)
        } catch {
            throw error.subject.isEmpty ? SystemError(code: error.code, operation: "write", subject: path) : error
        }
    }

    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Which file a path leads to, links followed; nil where there is none.
    package static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        return stat(path, &status) == 0 ? status.identity : nil
    }

    package static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// When the file was last written, since the epoch; nil where it is not there.
    package static func modified(_ path: String) -> Duration? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return .seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec)
    }

    /// The time of day, since the epoch: to be compared with `modified`.
    package static func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The path without symlinks, `.` and `..`, or nil where it names nothing.
    package static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path from the root, seen from the working folder; it need not name anything.
    package static func absolutePath(_ path: String) -> String {
        if let canonical = canonicalPath(path) { return canonical }
        guard !path.hasPrefix("/"), let folder = canonicalPath(".") else { return path }
        return folder == "/" ? "/\(path)" : "\(folder)/\(path)"
    }

    /// What a symlink says, or nil where there is none.
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        try retrying("create the folder", path) { mkdir(path, mode) }
    }
}
