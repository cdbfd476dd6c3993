import ArgumentParser
import Bundles
import Glibc
import Migrate

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a stopped container with its log, and its bundle where that is wanted."
    )

    @Argument(help: "The container's id; with --bundle also a bundle that has no container.") var id: String

    @Flag(name: .shortAndLong, help: "End the container first if it runs.") var force = false
    @Flag(help: "Remove the folder of the bundle that the container runs from, too.") var bundle = false

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions

    func run() async throws {
        let runtime = try runtimeOptions.find()
        let container = try await runtime.container(id)
        guard container != nil || bundle else {
            let record = try runtime.record(of: id)
            // The runtime has forgotten it, by itself or by a restart of the machine.
            if !record.exists { try await runtime.existing(id) }
            return try record.remove()
        }
        if let container, container.isRunning, !force {
            throw Failure(
                "container \(id) runs: 'bundletool kill \(id)' ends it, 'bundletool delete --force \(id)' ends and removes it"
            )
        }
        guard bundle else {
            try await runtime.remove(id: id, force: force)
            return
        }
        let folder = try container.map { try OCIBundle(at: $0.bundle) } ?? containers.containersFolder.bundle(id)
        let users = try await runtime.containers().filter { $0.bundle == folder.path && $0.id != container?.id }
        if let other = users.first {
            throw Failure("bundle \(folder.path) is in use by container \(other.id); delete that first")
        }
        var lock: OCIBundle.Lock? = try folder.lock()
        if container != nil { try await runtime.remove(id: id, force: force) }
        if geteuid() != 0, let map = try folder.idMap() {
            // Files of other ids than the caller's are root's to remove, in the namespace that they were made in.
            withExtendedLifetime(lock.take()) {}
            try Rootless.run(["remove-folder", folder.path], map)
        } else if let lock {
            try folder.remove(lock)
        }
    }
}

/// What `delete --bundle` runs in a user namespace.
struct RemoveFolderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-folder", abstract: "Remove a bundle's folder.", shouldDisplay: false)

    @Argument var path: String

    func run() throws {
        let bundle = try OCIBundle(at: path)
        try bundle.remove(bundle.lock())
    }
}
