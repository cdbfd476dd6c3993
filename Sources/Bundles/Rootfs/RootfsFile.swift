internal import LinuxSystem

/// A file to put into a rootfs, in place of what may be there.
package struct RootfsFile: Sendable {
    /// From the rootfs's root.
    package var path: String
    package var content: [UInt8]
    package var mode: UInt32 = 0o644
    package var user: UInt32 = 0
    package var group: UInt32 = 0

    package init(path: String, content: [UInt8], mode: UInt32 = 0o644, user: UInt32 = 0, group: UInt32 = 0) {
        self.path = path
        self.content = content
        self.mode = mode
        self.user = user
        self.group = group
    }

    /// Files of a recipe carry no time of their own; a fixed one makes the same bundle each time.
    static func write(_ files: [RootfsFile], into rootfs: Descriptor, subject: String, owners: RecordedOwners?) throws {
        try RootfsWriter.ownUmask()
        let writer = try RootfsWriter(root: rootfs, subject: subject, owners: owners)
        for file in files {
            var entry = TarEntry()
            entry.path = Array(file.path.utf8)
            entry.mode = file.mode
            entry.user = file.user
            entry.group = file.group
            entry.size = file.content.count
            try writer.add(entry) { try $0.write(all: file.content) }
        }
        try writer.finish()
    }
}
