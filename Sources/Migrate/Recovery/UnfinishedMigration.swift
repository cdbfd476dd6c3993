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
            guard (try? lock.tryLock()) == true else { return nil }
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
        try await waitForTools()
        let hasFilled = try await waitForFill(runtime)
        let container = try await runtime.container(journal.container)
        if hasFilled == false, let images = journal.images, container != nil || journal.phase == .filling {
            _ = try await LazyRestore.finish(
                FillState(folder: filling), id: journal.container, bundle: journal.destination,
                images: "\(path)/\(images)", work: "\(path)/source-work", runtime)
            remove()
            return .restarted(bundle: journal.destination)
        }
        if let container, container.isRunning || container.status == "paused" {
            await NetworkLock(of: container)?.clear()
            remove()
            return .wasRunning(bundle: container.bundle)
        }
        guard journal.phase == .images, let images = journal.images else {
            // Before the images were complete nothing of ours ends a container.
            remove()
            return .hadEnded
        }
        try await runtime.clearFailedRestore(of: journal.container)
        var failures: [String] = []
        for bundle in [journal.destination, journal.source] {
            do {
                try await runtime.restore(
                    id: journal.container, bundle: bundle, images: "\(path)/\(images)", work: "\(path)/source-work",
                    timeout: Migrator.Options().timeout)
                remove()
                return .restored(bundle: bundle)
            } catch {
                failures.append("\(error)")
                try? await runtime.clearFailedRestore(of: journal.container)
            }
        }
        throw MigrateError(
            .lost,
            "container \(journal.container) could be restored neither in \(journal.destination) nor in "
                + "\(journal.source), its images are kept in \(path): \(failures.joined(separator: "; "))")
    }

    private var filling: String { "\(path)/\(MigrationWorkFolder.fillingName)" }

    /// Waits for the page server of a lazy restore, which lives on without the migration.
    /// - Returns: whether it has placed all pages; nil where nothing was restored lazily.
    private func waitForFill(_ runtime: ContainerRuntime) async throws -> Bool? {
        guard Files.exists(filling) else { return nil }
        switch try await FillState(folder: filling).wait(atMost: .seconds(600)) {
        case .ended(let report): return report.aborted ? nil : report.fill != nil
        case .died, .working: return false
        }
    }

    /// A runtime that the dead migration has started goes on without it, and is let finish.
    private func waitForTools() async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while let pid = Self.process(mentioning: path) {
            guard ContinuousClock.now < deadline else {
                throw MigrateError(
                    .busy, "process \(pid) is still at work on \(path); try again when it has ended, or end it")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func process(mentioning path: String) -> Int32? {
        ((try? Files.names(in: "/proc")) ?? []).lazy.compactMap { Int32($0) }.first { pid in
            pid != getpid() && (Files.text(of: "/proc/\(pid)/cmdline") ?? "").contains(path)
        }
    }

    private func remove() {
        MigrationWorkFolder.remove(path)
    }
}
