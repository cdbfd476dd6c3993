internal import CLinux
package import Glibc

/// Owners, modes, times and extended attributes, of this file or of a name in this directory.
extension Descriptor {
    package func setOwner(_ user: uid_t, _ group: gid_t) throws(SystemError) {
        try retrying("set the owner of", "a file") { fchown(raw, user, group) }
    }

    package func setOwner(of name: FileName, _ user: uid_t, _ group: gid_t) throws(SystemError) {
        try retrying("set the owner of", name.description) {
            name.withCString { fchownat(raw, $0, user, group, AT_SYMLINK_NOFOLLOW) }
        }
    }

    package func setMode(_ mode: UInt32) throws(SystemError) {
        try retrying("set the mode of", "a file") { fchmod(raw, mode) }
    }

    /// For files that cannot be opened for it (devices, fifos): by way of an `O_PATH` descriptor, so no symlink.
    package func setMode(of name: FileName, _ mode: UInt32) throws(SystemError) {
        let file = try open(name, Int32(BLT_O_PATH))
        try retrying("set the mode of", name.description) { chmod("/proc/self/fd/\(file.raw)", mode) }
    }

    /// Sets the access and modification times; without an access time that stays.
    package func setTimes(access: timespec?, modification: timespec) throws(SystemError) {
        let times = [access ?? .omit, modification]
        try retrying("set the times of", "a file") { futimens(raw, times) }
    }

    package func setTimes(of name: FileName, access: timespec?, modification: timespec) throws(SystemError) {
        let times = [access ?? .omit, modification]
        try retrying("set the times of", name.description) {
            name.withCString { utimensat(raw, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }

    package func setAttribute(_ attribute: FileName, _ value: [UInt8]) throws(SystemError) {
        try retrying("set the extended attribute", attribute.description) {
            attribute.withCString { blt_fsetxattr(raw, $0, value, value.count) }
        }
    }

    package func setAttribute(of name: FileName, _ attribute: FileName, _ value: [UInt8]) throws(SystemError) {
        let path = FileName(Array("/proc/self/fd/\(raw)/".utf8) + name.bytes)!
        try retrying("set the extended attribute", "\(attribute) of \(name)") {
            path.withCString { path in attribute.withCString { blt_lsetxattr(path, $0, value, value.count) } }
        }
    }

    /// - Parameter ifPresent: it is no error if there is none.
    package func removeAttribute(_ attribute: FileName, ifPresent: Bool = false) throws(SystemError) {
        let result = attribute.withCString { blt_fremovexattr(raw, $0) }
        if result == 0 || ifPresent && (errno == ENODATA || errno == ENOTSUP) { return }
        throw SystemError.last("remove the extended attribute", attribute.description)
    }

    /// All extended attributes; none where the file system has none.
    package func attributes() throws(SystemError) -> [(name: FileName, value: [UInt8])] {
        try readAttributes(
            list: { blt_flistxattr(raw, $0, $1) },
            value: { name, buffer, size in blt_fgetxattr(raw, name, buffer, size) })
    }

    package func attributes(of name: FileName) throws(SystemError) -> [(name: FileName, value: [UInt8])] {
        let path = FileName(Array("/proc/self/fd/\(raw)/".utf8) + name.bytes)!
        return try readAttributes(
            list: { buffer, size in path.withCString { blt_llistxattr($0, buffer, size) } },
            value: { name, buffer, size in path.withCString { blt_lgetxattr($0, name, buffer, size) } })
    }

    private func readAttributes(
        list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        value: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(SystemError) -> [(name: FileName, value: [UInt8])] {
        let none = list(nil, 0)
        if none == 0 { return [] }
        if none < 0 {
            if errno == ENOTSUP { return [] }
            throw SystemError.last("list extended attributes")
        }
        // The kernel's limits: 64 KiB for the list, 64 KiB for a value.
        var names = [CChar](repeating: 0, count: 1 << 16)
        let size = try retrying("list extended attributes") { list(&names, names.count) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var found: [(name: FileName, value: [UInt8])] = []
        for part in names.prefix(size).split(separator: 0) {
            guard let name = FileName(part.map { UInt8(bitPattern: $0) }) else { continue }
            let count = name.withCString { name in
                buffer.withUnsafeMutableBytes { value(name, $0.baseAddress, $0.count) }
            }
            if count < 0 {
                if errno == ENODATA { continue }
                throw SystemError.last("read the extended attribute", name.description)
            }
            found.append((name, Array(buffer.prefix(count))))
        }
        return found
    }
}

extension timespec {
    /// Leaves a time as it is.
    fileprivate static var omit: timespec { timespec(tv_sec: 0, tv_nsec: Int(BLT_UTIME_OMIT)) }
}
