internal import Glibc
internal import LinuxSystem

/// What a receiver has left whose process has died or whose connection was lost, before the source knew how it ended.
package struct ReceivedMigration: Sendable {
    /// The work folder.
    package let path: String
    /// The container's id and bundle; nil where it was never accepted.
    package let container: (id: String, bundle: String)?
    /// Some of its memory was lost, and it was started again from its images.
    package let isRestarted: Bool

    /// Settles all that lie in `folder` and that nobody works on: what was not accepted is removed, for good; what was
    /// accepted runs afterwards. The note about it stays: the source will ask.
    package static func settle(in folder: String) async throws -> [ReceivedMigration] {
        guard let folder = Files.canonicalPath(folder) else { return [] }
        var settled: [ReceivedMigration] = []
        for name in (try? Files.names(in: folder)) ?? [] where name.hasPrefix(MigrationWorkFolder.receiverPrefix) {
            let path = "\(folder)/\(name)"
            guard let lock = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                (try? lock.tryLockOfDead()) == true
            else { continue }
            lock.unlock()
            let owner = try Ownership.read(in: path)
            if try await settle(path), let owner {
                let fill = try await fill(path)
                settled.append(
                    ReceivedMigration(
                        path: path, container: (owner.container, owner.bundle), isRestarted: fill?.restarted == true))
                // The memory of a container that runs is of no more use, and is not left lying about.
                MigrationWorkFolder.removeImages(in: path)
            } else {
                MigrationWorkFolder.remove(path)
                settled.append(ReceivedMigration(path: path, container: nil, isRestarted: false))
            }
        }
        return settled
    }

    /// Decides, once and for all, whose the container of the migration in a work folder is, and brings that about.
    /// - Parameter clearing: removes what a restore that was refused has left with the runtime.
    /// - Returns: whether it is the receiver's.
    /// - Throws: `.busy` where the receiver still works on it.
    static func settle(_ path: String, clearing: () async throws -> Void = {}) async throws -> Bool {
        guard Files.exists(path) else { return false }
        let lock = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let deadline = ContinuousClock.now + .seconds(15)
        while try !lock.tryLock() {
            // A receiver that has lost its source is about to end.
            guard ContinuousClock.now < deadline else {
                throw MigrateError(.busy, "a receiver still works on \(path)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        if try Ownership.read(in: path) == nil {
            let refusal = Ownership(state: .refused, container: "", bundle: "", images: "", runtime: "")
            try? refusal.claim(in: path)
        }
        // Whoever was faster: this is what counts.
        guard var owner = try Ownership.read(in: path) else {
            throw MigrateError(.toolFailed, "cannot read what was written down in \(path)")
        }
        try await UnfinishedMigration.waitForTools(on: path)
        switch owner.state {
        case .ran: return true
        case .refused:
            try await clearing()
            return false
        case .accepted:
            let plain = try PlainPath(to: path)
            defer { withExtendedLifetime(plain) {} }
            let runtime = try await runtime(of: owner, plain)
            do {
                if try await runtime.container(owner.container)?.isRunning != true {
                    // Killed between its word and the deed: the container has not run since its images were made.
                    try await runtime.clearFailedRestore(of: owner.container, in: owner.bundle)
                    FillState.forget(in: path)
                    try await runtime.restore(
                        id: owner.container, bundle: owner.bundle, images: "\(path)/\(owner.images)",
                        work: "\(path)/destination-work", timeout: Migrator.Options().timeout,
                        stdio: runtime.receivedStdio(images: "\(path)/\(owner.images)"))
                }
                owner.state = .ran
            } catch {
                try await runtime.clearFailedRestore(of: owner.container, in: owner.bundle)
                owner.state = .refused
            }
            try owner.replace(in: path)
            return owner.state == .ran
        }
    }

    /// Waits until all memory of a container that has run here is there. The page server of a lazy restore lives on
    /// without the receiver.
    /// - Returns: what was filled; nil where nothing was restored lazily.
    static func fill(_ path: String) async throws -> MigrationReport.Fill? {
        guard let state = FillState(left: path), let owner = try Ownership.read(in: path), owner.state == .ran
        else { return nil }
        guard try await state.waitForFill() != nil else { return nil }
        let plain = try PlainPath(to: path)
        defer { withExtendedLifetime(plain) {} }
        return try await LazyRestore.finish(
            state, id: owner.container, bundle: owner.bundle, images: "\(path)/\(owner.images)",
            work: "\(path)/destination-work", try await runtime(of: owner, plain))
    }

    private static func runtime(of owner: Ownership, _ plain: PlainPath) async throws -> ContainerRuntime {
        try await ContainerRuntime.find(explicit: owner.runtime, stateFolder: owner.stateFolder)
            .prepared(criuFolder: "\(plain.path)/bin")
    }
}
