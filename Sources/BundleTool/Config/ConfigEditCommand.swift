import ArgumentParser
import Bundles
import Glibc
import LinuxSystem
import OCIConfig

/// `bundletool config edit`.
struct ConfigEditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a configuration in place; what is not named stays as it is.")

    @Argument(help: "The bundle's name or path, or - for stdin to stdout.")
    var bundle: String

    @OptionGroup var containers: ContainersOption
    @OptionGroup var flags: ConfigFlags

    func run() throws {
        let location = ConfigLocation(bundle, containers: containers.path)
        let edits = try flags.edits()
        // Not while a migration or a clone works with the bundle.
        let lock = try location.bundle.flatMap { try? OCIBundle(at: $0) }?.lock()
        defer { withExtendedLifetime(lock) {} }
        do {
            var document = try JSONCoding.parse(location.read())
            let users = edits.needsUsers ? try location.users(document) : ContainerUsers()
            if edits.force {
                try edits.apply(to: &document, users: users)
            } else {
                var spec = try Self.decode(document)
                try edits.apply(to: &spec, users: users)
                document = spec.json
            }
            try location.write(JSONCoding.text(document))
        } catch let error as ConfigError {
            throw Failure("cannot edit \(location.name): \(error)")
        }
    }

    private static func decode(_ document: JSONValue) throws -> RuntimeSpec {
        do {
            return try JSONCoding.decode(RuntimeSpec.self, from: document)
        } catch {
            throw ConfigError(error.code, "\(error.message); with --force it can be changed all the same")
        }
    }
}

extension ConfigLocation {
    /// The users and groups in the container's root filesystem.
    func users(_ document: JSONValue) throws -> ContainerUsers {
        guard let bundle else {
            throw Failure("a user's name needs the bundle's rootfs; give ids, as --user 1000:1000")
        }
        let root = document.members?["root"]?.members?["path"]?.text ?? "rootfs"
        let folder = try Descriptor.open(root.hasPrefix("/") ? root : "\(bundle)/\(root)", O_RDONLY | O_DIRECTORY)
        return ContainerUsers(
            passwd: try Self.text("/etc/passwd", in: folder), group: try Self.text("/etc/group", in: folder))
    }

    private static func text(_ path: String, in root: Descriptor) throws -> String {
        guard let file = try open(path, in: root) else { return "" }
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw Failure("\(path) in the container is no regular file; give ids, as --user 1000:1000")
        }
        return String(decoding: try file.contents(limit: 16 << 20), as: UTF8.self)
    }

    private static func open(_ path: String, in root: Descriptor) throws -> Descriptor? {
        do {
            return try root.openInRoot(path, O_RDONLY | O_NONBLOCK)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }
}
