internal import Glibc
internal import LinuxSystem

/// What a migration left whose process has died: a work folder that nobody locks.
package struct UnfinishedMigration: Sendable {
    /// The work folder.
    package let path: String
    let journal: MigrationJournal
    /// Held as long as this value: nobody else recovers it meanwhile.
    private let lock: Descriptor

    /// The container's id.
    package var container: String { journal.container }

    /// Those among the folders that lie in `folder`. Folders that never got a journal are removed: nothing was stopped.
    package static func find(in folder: String) -> [UnfinishedMigration] {
        guard let folder = Files.canonicalPath(folder) else { return [] }
        let names = ((try? Files.names(in: folder)) ?? []).filter { $0.hasPrefix(MigrationWorkFolder.prefix) }
        return names.compactMap { name in
            let path = "\(folder)/\(name)"
            guard let lock = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return nil }
            // A migration that begins right now is without its lock for a moment.
            if !Files.exists("\(path)/\(MigrationJournal.name)") { usleep(50_000) }
            guard (try? lock.tryLockOfDead()) == true else { return nil }
            if name.hasSuffix(MigrationWorkFolder.removedSuffix) {
                MigrationWorkFolder.remove(path)
                return nil
            }
            guard let journal = MigrationJournal(in: path) else {
                // Killed before anything was stopped.
                MigrationWorkFolder.remove(path)
                return nil
            }
            return UnfinishedMigration(path: path, journal: journal, lock: lock)
        }
    }

    /// How a recovery ended.
    package enum Outcome: Sendable, Equatable {
        /// The container runs in this bundle; only leftovers were removed.
        case wasRunning(bundle: String)
        /// The container was restored in this bundle.
        case restored(bundle: String)
        /// The container had ended by itself; only leftovers were removed.
        case hadEnded
        /// The container is the receiver's, at this bundle.
        case handedOver(bundle: String)
        /// Some of its memory was lost with the page server: the container was started again from its images in this
        /// bundle, and what it had done since it was moved is lost.
        case restarted(bundle: String)
    }

    /// Finishes the migration, or undoes it: the container runs afterwards, once.
    /// - Throws: `.busy` where the dead migration's tools are still at work, `.lost` where the container could not be
    ///   started; the images are kept then.
    package func recover() async throws -> Outcome {
        let plain = try PlainPath(to: path)
        defer { withExtendedLifetime(plain) {} }
        let runtime = try await ContainerRuntime.find(explicit: journal.runtime, stateFolder: journal.stateFolder)
            .prepared(criuFolder: "\(plain.path)/bin")
        if journal.phase == .handing || journal.phase == .handed, try await settleHandover(runtime) {
            remove()
            return .handedOver(bundle: journal.destination)
        }
        try await Self.waitForTools(on: path)
        let state = FillState(left: path)
        let hasFilled = try await state?.waitForFill() ?? nil
        let container = try await runtime.thawed(journal.container)
        if let state, hasFilled == false, let images = journal.images, container != nil || journal.phase == .filling {
            _ = try await LazyRestore.finish(
                state, id: journal.container, bundle: journal.destination,
                images: "\(path)/\(images)", work: "\(path)/source-work", runtime)
            remove()
            return .restarted(bundle: journal.destination)
        }
        if let container, container.isRunning || container.status == "paused" {
            await NetworkLock(of: container)?.clear(ofDumpIn: "\(path)/source-work")
            await TCPRepair.end(below: container.pid)
            await runtime.settleStdio(of: container.id)
            remove()
            return .wasRunning(bundle: container.bundle)
        }
        guard journal.phase == .images, let images = journal.images else {
            // Before the images were complete nothing of ours ends a container.
            if let here = try? Descriptor.open("/proc/self/ns/net", O_RDONLY) {
                await NetworkLockTable.remove(ofDumpIn: "\(path)/source-work", namespace: here)
            }
            await runtime.settleStdio(of: journal.container)
            remove()
            return .hadEnded
        }
        try MigrationWorkFolder.completeImages("\(path)/\(images)", in: path)
        try await runtime.clearFailedRestore(of: journal.container, in: journal.destination)
        FillState.forget(in: path)
        var failures: [String] = []
        for bundle in [journal.destination, journal.source] {
            do {
                try await runtime.restore(
                    id: journal.container, bundle: bundle, images: "\(path)/\(images)", work: "\(path)/source-work",
                    timeout: Migrator.Options().timeout, stdio: runtime.heldStdio(of: journal.container))
                await runtime.settleStdio(of: journal.container)
                remove()
                return .restored(bundle: bundle)
            } catch {
                failures.append("\(error)")
                try? await runtime.clearFailedRestore(of: journal.container, in: bundle)
            }
        }
        throw MigrateError(
            .lost,
            "container \(journal.container) could be restored neither in \(journal.destination) nor in "
                + "\(journal.source), its images are kept in \(path): \(failures.joined(separator: "; "))")
    }

    /// Asks the receiver whose the container is, and ends the one here where it is not ours any more.
    /// - Returns: whether it is the receiver's.
    /// - Throws: `.uncertain` where the receiver cannot be asked; the container stays as it is.
    private func settleHandover(_ runtime: ContainerRuntime) async throws -> Bool {
        guard let receiver = journal.receiver, let migration = journal.migration else { return false }
        var accepted = true
        // Where the source was told before it died, nobody needs to be asked.
        if journal.phase == .handing {
            let route = Handover.Route(
                command: receiver, patience: .seconds(60), migration: migration, container: journal.container,
                destination: journal.destination)
            do {
                accepted = try await route.ask()
            } catch {
                throw MigrateError(
                    .uncertain,
                    "the receiver cannot be asked whether container \(journal.container) runs there (\(error)); it is "
                        + "held frozen here: try again when '\(receiver)' can be run")
            }
        }
        if let container = try await runtime.container(journal.container), container.pid > 0,
            let freezer = ContainerFreezer(pid: container.pid)
        {
            // Nothing of it runs here any more where it runs there.
            if accepted { try? freezer.end(below: container.pid) } else { try? freezer.thaw() }
        }
        try? Hold.decide(accepted ? .commit : .rollback, in: "\(path)/hold")
        try await Self.waitForTools(on: path)
        // CRIU may have been killed, and its container be left.
        if accepted, let container = try await runtime.container(journal.container) {
            try await runtime.discard(container)
        }
        await runtime.settleStdio(of: journal.container, isElsewhere: accepted)
        return accepted
    }

    /// A runtime that the dead migration has started goes on without it, and is let finish.
    static func waitForTools(on path: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while let pid = process(mentioning: path) {
            guard ContinuousClock.now < deadline else {
                throw MigrateError(
                    .busy, "process \(pid) is still at work on \(path); try again when it has ended, or end it")
            }
            StrandedCRIU(criuFolder: "\(path)/bin").end()
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Whether a CRIU still dumps, whoever has started it.
    static func isDumping(into path: String) -> Bool {
        ((try? Files.names(in: "/proc")) ?? []).lazy.compactMap { Int32($0) }.contains {
            StrandedCRIU.isDumping($0, into: "\(path)/source-work")
        }
    }

    private static func process(mentioning path: String) -> Int32? {
        ((try? Files.names(in: "/proc")) ?? []).lazy.compactMap { Int32($0) }.first { pid in
            guard pid != getpid(), let line = Files.text(of: "/proc/\(pid)/cmdline") else { return false }
            if line.contains(path) { return true }
            // CRIU, which a runtime starts with a descriptor and no paths, has ours in its PATH.
            return ContainerProcess.isCRIU(pid) && (Files.text(of: "/proc/\(pid)/environ") ?? "").contains(path)
                || StrandedCRIU.isDumping(pid, into: "\(path)/source-work")
        }
    }

    private func remove() {
        MigrationWorkFolder.remove(path)
    }
}
