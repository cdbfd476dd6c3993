internal import Glibc
internal import LinuxSystem

/// What a file has besides its content.
struct FileMetadata {
    var mode: mode_t
    var user: uid_t
    var group: gid_t
    var modified: timespec
    var attributes: [(name: FileName, value: [UInt8])]

    init(_ entry: TarEntry) throws(EntryPath.Unsafe) {
        mode = entry.mode
        user = entry.user
        group = entry.group
        modified = timespec(tv_sec: entry.seconds, tv_nsec: entry.nanoseconds)
        attributes = []
        for (name, value) in entry.attributes where !Self.isForeign(name) {
            guard let name = FileName(name), name.count > 0, value.count <= 1 << 16 else {
                throw EntryPath.Unsafe("an extended attribute that no kernel takes")
            }
            attributes.append((name, value))
        }
    }

    /// Labels and access lists that mean something on the machine that made the archive only: SELinux labels a bundle
    /// when it runs, and no local file system takes NFSv4's lists.
    static func isForeign(_ name: [UInt8]) -> Bool {
        name.elementsEqual("security.selinux".utf8) || name.elementsEqual("system.nfs4_acl".utf8)
    }

    init(mode: mode_t, user: uid_t = 0, group: gid_t = 0, modified: timespec) {
        self.mode = mode
        self.user = user
        self.group = group
        self.modified = modified
        attributes = []
    }
}
