package import Glibc
package import LinuxSystem

/// A folder that goes with its last reference, and so does what is mounted on folders that it made.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/bundletool-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a temporary folder") }
        // What tests compare must not depend on links in the way to it.
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = Files.canonicalPath(made) ?? made
    }

    deinit {
        let parts = path.split(separator: "/")
        let parent = "/" + parts.dropLast().joined(separator: "/")
        try? Descriptor.open(parent, O_RDONLY | O_DIRECTORY).removeTree(FileName(String(parts[parts.count - 1])))
    }

    package func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o644) throws {
        try Files.write(bytes, to: "\(path)/\(name)", mode: mode)
    }

    package func open(_ name: String = ".") throws -> Descriptor {
        try Descriptor.open("\(path)/\(name)", O_RDONLY | O_DIRECTORY)
    }

    package func makeFolder(_ name: String) throws -> Descriptor {
        try Files.makeFolder("\(path)/\(name)", mode: 0o755)
        return try open(name)
    }
}

/// Something mounted on a new folder, unmounted with its last reference.
package final class TemporaryMount: Sendable {
    private let folder: TemporaryFolder
    package let path: String

    private init(_ folder: TemporaryFolder) {
        self.folder = folder
        path = "\(folder.path)/mount"
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
    }

    package static func tmpfs(megabytes: Int) async throws -> TemporaryMount {
        let folder = try TemporaryFolder()
        try Files.makeFolder("\(folder.path)/mount")
        try await Tool.shell("mount -t tmpfs -o size=\(megabytes)m,mode=755 tmpfs '\(folder.path)/mount'")
        return TemporaryMount(folder)
    }

    /// A file system in a file, on a loop device that detaches itself when it is unmounted.
    /// - Parameter make: the program that makes it, given the image as its last argument.
    package static func image(megabytes: Int, make: String) async throws -> TemporaryMount {
        let folder = try TemporaryFolder()
        try Files.makeFolder("\(folder.path)/mount")
        try await Tool.shell(
            """
            truncate -s \(megabytes)M image
            \(make) image >/dev/null
            mount -o loop image mount
            """, in: folder.path)
        return TemporaryMount(folder)
    }
}
