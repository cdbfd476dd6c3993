internal import LinuxSystem
internal import Synchronization

/// Restores a container and holds it before it has run a single instruction.
struct HoldingTarget: RestoreTarget {
    let bundle: String
    let runtime: ContainerRuntime
    let folder: MigrationWorkFolder
    /// How long the restore may take, the source's decision included.
    let timeout: Duration
    /// The program that a lazy restore starts.
    let pageServer: String?

    func restore(id: String, images: String) async throws {
        throw MigrateError(.malformed, "the source orders a restore without handing its container over")
    }

    func prepare(
        id: String, images: String, as options: LazyRestore.Options
    ) async throws -> any PreparedContainer {
        var options = options
        options.server = pageServer
        let lazy = LazyRestore(
            runtime: runtime, bundle: bundle, folder: folder, timeout: timeout, options: options)
        lazy.prepare(images: images)
        let hold = try Hold(at: .restored, folder: folder.hold)
        let ended = try Descriptor.pipe()
        let restoring = Task.detached {
            defer { try? ended.write.write(all: [0]) }
            try await lazy.restore(id: id, images: images, stdio: runtime.receivedStdio(images: images), hold: hold)
        }
        guard try await onThread("receiver", { try hold.wait(orUntil: ended.read) }) else {
            let outcome = await restoring.result
            try await runtime.clearFailedRestore(of: id, in: bundle)
            try outcome.get()
            throw MigrateError(.toolFailed, "the restore of container \(id) ended without waiting for its permission")
        }
        let name = images.split(separator: "/").suffix(2).joined(separator: "/")
        return HeldContainer(
            hold: hold, restoring: restoring, lazy: lazy, runtime: runtime, folder: folder,
            ownership: Ownership(
                state: .accepted, container: id, bundle: bundle, images: name, runtime: runtime.path,
                stateFolder: runtime.command.stateFolder))
    }
}

/// A restored container that CRIU keeps from running.
private struct HeldContainer: PreparedContainer {
    let hold: Hold
    let restoring: Task<Void, any Error>
    let lazy: LazyRestore
    let runtime: ContainerRuntime
    let folder: MigrationWorkFolder
    let ownership: Ownership

    func accept() throws { try ownership.claim(in: folder.path) }

    func run() async throws {
        do {
            try hold.decide(.commit)
            try await restoring.value
        } catch {
            do {
                // It may run all the same: then it is ours.
                if let now = try await runtime.container(ownership.container), now.isRunning {
                    try write(.ran)
                    return
                }
                try await runtime.clearFailedRestore(of: ownership.container, in: ownership.bundle)
                try write(.refused)
            } catch let second {
                // The claim stands: nobody may say that it does not.
                throw MigrateError(.uncertain, "\(error); \(second)")
            }
            throw error
        }
        // Nothing of the container depends on this note, only who is asked about it later.
        try? write(.ran)
    }

    func filled() async throws -> MigrationReport.Fill? {
        try await Task.detached {
            try await lazy.finish(id: ownership.container, images: "\(folder.path)/\(ownership.images)")
        }.value
    }

    func abandon() async {
        try? hold.decide(.rollback)
        _ = await restoring.result
        try? await runtime.clearFailedRestore(of: ownership.container, in: ownership.bundle)
    }

    func forget() { folder.remove() }

    private func write(_ state: Ownership.State) throws {
        var next = ownership
        next.state = state
        try next.replace(in: folder.path)
    }
}
