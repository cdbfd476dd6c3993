internal import Glibc
internal import LinuxSystem
internal import OCIConfig

extension ContainerUsers {
    /// Larger ones are not read: they would be made to fill our memory (CVE-2024-9676).
    private static let largestFile = 16 << 20

    /// The users and groups of a rootfs. Links are followed inside it only, and only regular files are read.
    init(rootfs: Descriptor) throws {
        self.init(
            passwd: try Self.text("etc/passwd", in: rootfs), group: try Self.text("etc/group", in: rootfs))
    }

    private static func text(_ path: String, in rootfs: Descriptor) throws -> String {
        do {
            // O_NONBLOCK: a fifo in its place must not hold us up.
            let file = try rootfs.openInRoot(path, O_RDONLY | O_NONBLOCK)
            guard try file.status().kind == .regular else {
                throw BundleError(.refused, "the rootfs's /\(path) is no regular file")
            }
            return String(decoding: try file.contents(limit: largestFile), as: UTF8.self)
        } catch let error as SystemError {
            if error.isMissing { return "" }
            throw BundleError(.refused, "cannot read the rootfs's /\(path)", cause: error)
        }
    }
}
