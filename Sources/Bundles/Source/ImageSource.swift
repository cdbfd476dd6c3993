internal import Glibc
internal import LinuxSystem

/// Where a rootfs comes from, as `--from` says it.
public enum ImageSource: Hashable, Sendable, CustomStringConvertible {
    /// A plain tarball of a rootfs, compressed or not.
    case tar(path: String)
    /// A rootfs as a folder.
    case directory(path: String)

    /// - Parameter text: `tar:PATH`, `dir:PATH`, or a bare path, which is recognised by its content.
    /// - Throws: `BundleError` if the path names nothing, or the form is unknown.
    public init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch parts[0] {
        case "tar" where parts.count == 2: self = .tar(path: try Self.path(parts[1], of: text))
        case "dir" where parts.count == 2: self = .directory(path: try Self.path(parts[1], of: text))
        case "docker-archive", "oci", "oci-archive", "docker":
            if parts.count < 2 { fallthrough }
            throw BundleError(
                .unsupported, "\(parts[0]): sources are not supported yet; use tar:PATH of an exported rootfs")
        default: self = try Self.recognised(text)
        }
    }

    private static func path(_ path: Substring, of text: String) throws -> String {
        if path.isEmpty { throw BundleError(.notFound, "'\(text)' lacks a path after the colon") }
        return String(path)
    }

    private static func recognised(_ path: String) throws -> ImageSource {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = SystemError.last("open", path)
            throw BundleError(error.isMissing ? .notFound : .system, "there is no source '\(path)'", cause: error)
        }
        return status.kind == .directory ? .directory(path: path) : .tar(path: path)
    }

    /// As `--from` takes it.
    public var description: String {
        switch self {
        case .tar(let path): "tar:\(path)"
        case .directory(let path): "dir:\(path)"
        }
    }
}
