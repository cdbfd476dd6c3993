internal import Glibc
internal import LinuxSystem

/// The folder that holds the bundles which are named without a path.
public struct ContainersFolder: Hashable, Sendable {
    /// As given; not necessarily there.
    public let path: String

    /// - Parameter option: the command line's `--containers`; else `$BUNDLETOOL_CONTAINERS`, else `./containers`.
    public init(option: String? = nil) {
        let variable = getenv("BUNDLETOOL_CONTAINERS").map { String(cString: $0) }
        path = option ?? variable.flatMap { $0.isEmpty ? nil : $0 } ?? "./containers"
    }

    /// Where `argument` says a bundle is: a name in this folder or, with a slash in it, a path. Asks the disk nothing.
    public func path(of argument: String) throws -> String {
        if argument.utf8.contains(0x2f) { return argument }
        return "\(path)/\(try BundleName(argument))"
    }

    /// Opens an existing bundle.
    public func bundle(_ argument: String) throws -> OCIBundle {
        try OCIBundle(at: try path(of: argument))
    }

    /// The bundles in this folder, by name; none where the folder is missing.
    public func bundles() throws -> [OCIBundle] {
        let folder: Descriptor
        do {
            folder = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            if error.code == ENOENT { return [] }
            throw BundleError(.system, "cannot read the containers folder", cause: error)
        }
        do {
            return try folder.names().map(\.description).filter { !$0.hasPrefix(".") }.sorted()
                .compactMap { try? OCIBundle(at: "\(path)/\($0)") }
        } catch {
            throw BundleError(.system, "cannot read the containers folder \(path)", cause: error)
        }
    }
}
