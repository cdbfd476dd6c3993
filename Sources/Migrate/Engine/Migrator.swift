internal import Bundles
internal import Glibc
internal import LinuxSystem

/// Moves a running container to another bundle on this machine.
package struct Migrator: Sendable {
    package struct Options: Sendable {
        /// Send the memory while the container runs, and only what has changed while it is stopped.
        package var precopy = false
        /// How changed pages are found; nil is the best that the kernel has.
        package var tracking: PageTracking?
        /// Limits what crosses from source to destination; nil is as fast as it goes.
        package var bandwidth: Rate?
        /// Whether pages cross compressed.
        package var compress = CompressionChoice.auto
        /// How long the start at the destination may take.
        package var timeout = Duration.seconds(300)
        /// When the rounds end.
        package var convergence = Convergence()
        /// Whether to stop the container also where the rounds do not get shorter.
        package var continuesWithoutConvergence = true
        /// How the memory of the stopped container is sent; nil is the best that the runtime can do.
        package var dumpMethod: DumpMethod?
        /// Whether what the container has written to its rootfs comes along.
        package var rootfs = RootfsChoice.auto
        /// How the memory is restored.
        package var restore = RestoreChoice.eager
        /// The program that a lazy restore starts with `PageKeeper.word`: the one that calls `PageKeeper.run` then. Nil:
        /// no restore is lazy.
        package var pageServer: String?
        /// Whether a receiver's processor has to have all that the one here has.
        package var comparesProcessors = true
        /// Limits what a lazy restore places in the background.
        package var fillRate: Rate?

        package init() {}
    }

    let runtime: ContainerRuntime
    let criu: CRIUInstallation
    let options: Options
    /// Raised when the calling task is cancelled; the threads that work for it look at it.
    let cancellation = Latch()
    let event: @Sendable (MigrationEvent) -> Void

    package init(
        runtime: ContainerRuntime, criu: CRIUInstallation, options: Options,
        event: @escaping @Sendable (MigrationEvent) -> Void = { _ in }
    ) {
        self.runtime = runtime
        self.criu = criu
        self.options = options
        self.event = event
    }

    /// Moves `container` to the bundle in the folder `destination`.
    ///
    /// A cancelled task ends it before the container is stopped; from then on it goes on to its end: the container runs
    /// at the destination, or, where that fails, at the source again.
    /// - Throws: `.cancelled` or `.toolFailed` with the container untouched, `.rolledBack` with the container running
    ///   at the source again, `.lost` where neither end could start it; its images are kept then.
    package func migrate(_ container: Container, to destination: String) async throws -> MigrationReport {
        try await withTaskCancellationHandler {
            try await migrateUncancelled(container, to: destination)
        } onCancel: {
            cancellation.raise()
        }
    }

    private func migrateUncancelled(_ container: Container, to destination: String) async throws -> MigrationReport {
        let start = ContinuousClock.now
        let tracking = options.precopy ? try PageTracking.choose(options.tracking) : .content
        let rootfs = try await preflight(container, destination)
        let folder = try MigrationWorkFolder(id: container.id, beside: destination, criu: criu)
        do {
            let runtime = try await runtime.prepared(criuFolder: folder.criuFolder)
            let stdio = try await runtime.holdStdio(of: container)
            try MigrationJournal(container: container, destination: destination, runtime: runtime).write(
                in: folder.path)
            let (here, there) = try Descriptor.socketPair()
            let link = Link(input: here, output: here, rate: options.bandwidth)
            let lazy = LazyRestore(
                runtime: runtime, bundle: destination, folder: folder, timeout: options.timeout,
                options: .init(choice: options.restore, server: options.pageServer, rate: options.fillRate))
            let target = LocalTarget(bundle: destination) { id, images in
                try await lazy.restore(id: id, images: images, stdio: stdio)
            }
            let receiver = Receiver(
                link: Link(input: there, output: there), storeFolder: folder.store, target: target)
            let receiving = Task.detached { try await receiver.run() }
            let source = MigrationSource(
                link: link, runtime: runtime, container: container, folder: folder, rootfs: rootfs, tracking: tracking,
                packer: PagePacker(options.compress, rate: options.bandwidth, isLocal: true),
                timeout: options.timeout, locksByTable: await criu.locksByTable())
            do {
                var report = MigrationReport(
                    container: container.id, source: container.bundle, destination: destination)
                if options.precopy {
                    report.tracking = tracking
                    event(.tracking(tracking))
                }
                try await source.greet()
                try await run(source, link, &report) { known, set in
                    try await move(
                        source, folder, runtime, container, destination, (lazy, stdio), known: known, set: set)
                }
                _ = await receiving.result
                await runtime.settle(stdio)
                report.fill = try await fill(
                    lazy, id: container.id, images: "\(folder.store)/\(report.rounds.count + 1)")
                report.totalSeconds = (.now - start) / .seconds(1)
                folder.remove()
                return report
            } catch {
                link.shutDown()
                _ = await receiving.result
                // What is lost can still be brought back.
                if (error as? MigrateError)?.code != .lost { await runtime.settle(stdio) }
                throw error
            }
        } catch {
            // The images are all that is left of a lost container.
            if (error as? MigrateError)?.code != .lost { folder.remove() }
            throw error
        }
    }

    /// Refuses what cannot work.
    /// - Returns: what will keep the destination's rootfs the same; nil where it stays as it is.
    func preflight(_ container: Container, _ destination: String) async throws -> RootfsSync? {
        let (from, to) = try (OCIBundle(at: container.bundle), OCIBundle(at: destination))
        let rootfs = try RootfsSync(from: from, to: to, root: container.pid, choice: options.rootfs)
        try await Preflight(
            container: container, source: from, destination: to, criu: criu, syncsRootfs: rootfs != nil
        ).check()
        return rootfs
    }

    /// Pre-copy, then `move`, which is not cancelled: nothing may leave the container stopped.
    func run(
        _ source: MigrationSource, _ link: Link, _ report: inout MigrationReport,
        move: @escaping @Sendable (_ known: PageIndex, _ set: Int) async throws -> Move
    ) async throws {
        try checkCancellation()
        report.files.running += try await source.bringFiles { [cancellation] in cancellation.isRaised }
        let known = options.precopy ? try await precopy(source, link, &report) : PageIndex()
        if options.precopy {
            report.files.running += try await source.bringFiles { [cancellation] in cancellation.isRaised }
        }
        try checkCancellation()
        let precopied = link.sent
        let set = report.rounds.count + 1
        let finished = try await Task.detached { try await move(known, set) }.value
        report.finalPages = finished.dump.counts.sent
        report.knownPages = finished.dump.counts.unchanged
        report.zeroPages = finished.dump.counts.zero
        report.copiedPages = finished.dump.counts.copied
        report.packedPages = finished.dump.counts.packed
        report.compress = options.compress
        report.files.frozen = finished.dump.files
        report.transferSeconds = finished.dump.transfer / .seconds(1)
        report.dumpSeconds = finished.dumpTime / .seconds(1)
        report.restoreSeconds = finished.restoreTime / .seconds(1)
        report.frozenSeconds = finished.frozen / .seconds(1)
        report.bytes = link.sent
        report.frozenBytes = link.sent - precopied
    }

    /// Sends the memory in rounds while the container runs, until the rest is small or does not get smaller.
    /// - Returns: what the destination then holds.
    private func precopy(
        _ source: MigrationSource, _ link: Link, _ report: inout MigrationReport
    ) async throws -> PageIndex {
        var known = PageIndex()
        var rate = options.bandwidth?.bytesPerSecond ?? 0
        while true {
            let number = report.rounds.count + 1
            let start = ContinuousClock.now
            let sent = link.sent
            event(
                .roundBegins(
                    number: number, pages: source.estimatedPages(),
                    predictedTransfer: number > 2 ? report.predictedTransferSeconds : nil))
            let result = try await source.precopy(
                number: number, known: known, progress: { [event] in event(.pagesRead($0)) },
                isCancelled: { [cancellation] in cancellation.isRaised })
            known = result.index
            let round = MigrationReport.Round(result.counts, seconds: (.now - start) / .seconds(1))
            report.rounds.append(round)
            // The first round is nearly all transfer: it shows what the link carries, of pages that may be compressed.
            if number == 1 { rate = Double(max(link.sent - sent, round.pages * Page.size)) / max(round.seconds, 0.001) }
            let predicted = options.convergence.predictedTransfer(report.rounds, rate: rate)
            report.predictedTransferSeconds = predicted
            event(.roundEnds(number: number, round, predictedTransfer: number == 1 ? nil : predicted))
            switch options.convergence.decide(report.rounds, rate: rate) {
            case .again: continue
            case .enough: return known
            case .limit, .stalled:
                let changing = Rate(bytesPerSecond: Convergence.changeRate(report.rounds))
                event(.notConverging(changing: changing, link: Rate(bytesPerSecond: rate)))
                guard options.continuesWithoutConvergence else {
                    throw MigrateError(
                        .cancelled,
                        "container \(report.container) changes \(changing) of its memory and the link carries "
                            + "\(Rate(bytesPerSecond: rate)), so the rounds do not get shorter; the container runs on in "
                            + "\(report.source)")
                }
                return known
            }
        }
    }

    /// Waits for the memory of a lazy restore; not cancelled: the container lives from it.
    private func fill(_ lazy: LazyRestore, id: String, images: String) async throws -> MigrationReport.Fill? {
        event(.filling)
        return try await Task.detached { try await lazy.finish(id: id, images: images) }.value
    }

    private func checkCancellation() throws(MigrateError) {
        if cancellation.isRaised { throw MigrateError(.cancelled, "interrupted; the container runs on where it was") }
    }

    struct Move: Sendable {
        var dump: DumpResult
        var dumpTime: Duration
        var restoreTime: Duration
        var frozen: Duration
    }

    /// Final dump and restore; where either fails, the container goes on at the source.
    private func move(
        _ source: MigrationSource, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime, _ container: Container,
        _ destination: String, _ restore: (lazy: LazyRestore, stdio: ContainerStdio), known: PageIndex, set: Int
    ) async throws -> Move {
        event(.dumping)
        let lock = NetworkLock(of: container)
        let dumping = ContinuousClock.now
        do {
            let method = options.dumpMethod ?? (runtime.canHold ? .held : .pageServer)
            var journal = MigrationJournal(container: container, destination: destination, runtime: runtime)
            journal.phase = .images
            journal.images = "store/\(set)"
            let result = try await source.finalDump(number: set, known: known, method: method) { [journal] in
                try journal.write(in: folder.path)
            } decision: { _ in
                restore.lazy.prepare(images: "\(folder.store)/\(set)")
            }
            let dumped = ContinuousClock.now
            event(.dumped(result.counts))
            event(.restoring)
            try await source.restore()
            let restored = ContinuousClock.now
            // Our own clock also counts the runtime's and CRIU's start and end.
            let downtime = Downtime.measured(dump: folder.sourceWork, restore: folder.destinationWork)
            return Move(
                dump: result, dumpTime: dumped - dumping, restoreTime: restored - dumped,
                frozen: downtime ?? (restored - dumping))
        } catch {
            try await checkStopped(error, container, runtime, folder, lock, hasDumped: source.hasDumped)
            throw await rollBack(error, folder, runtime, container, destination, restore.stdio, set: set)
        }
    }

    /// After a failure: returns where the container is gone from here and is in the images.
    /// - Throws: what the user is to know, where it runs on, or has ended by itself.
    func checkStopped(
        _ error: any Error, _ container: Container, _ runtime: ContainerRuntime, _ folder: MigrationWorkFolder,
        _ lock: NetworkLock?, hasDumped: Bool
    ) async throws {
        // CRIU resumes what it could not dump; that is checked before it is promised.
        let now: Container?
        do {
            // A killed runtime leaves CRIU at work.
            try? await UnfinishedMigration.waitForTools(on: folder.path)
            guard !UnfinishedMigration.isDumping(into: folder.path) else {
                throw MigrateError(.busy, "CRIU is still at work on it")
            }
            now = try await runtime.thawed(container.id)
        } catch let second {
            // Nothing is started while it is unknown what runs.
            throw MigrateError(
                .lost,
                "\(error); and it is not known whether container \(container.id) runs (\(second)); its "
                    + "images are kept in \(folder.path): 'bundletool recover' tries again")
        }
        if let now, now.isRunning, now.pid == container.pid {
            await lock?.clear(ofDumpIn: folder.sourceWork)
            // Connections that were made after that look.
            await NetworkLock(of: now)?.clear(ofDumpIn: folder.sourceWork)
            await TCPRepair.end(below: now.pid)
            throw MigrateError(.rolledBack, "\(error); container \(container.id) runs on in \(container.bundle)")
        }
        guard hasDumped else {
            await lock?.clear(ofDumpIn: folder.sourceWork)
            throw MigrateError(
                .wrongState, "container \(container.id) ended before it could be moved, by itself or by a signal",
                cause: error)
        }
    }

    /// Restores the container at the source from the images that were meant for the destination.
    private func rollBack(
        _ error: any Error, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime, _ container: Container,
        _ destination: String, _ stdio: ContainerStdio, set: Int
    ) async -> MigrateError {
        event(.rollingBack(reason: "\(error)"))
        do {
            try await runtime.clearFailedRestore(of: container.id, in: destination)
            FillState.forget(in: folder.path)
            try MigrationWorkFolder.completeImages("\(folder.store)/\(set)", in: folder.path)
            try await runtime.restore(
                id: container.id, bundle: container.bundle, images: "\(folder.store)/\(set)", work: folder.sourceWork,
                // A limit that the destination has missed by little shall not be what ends the container.
                timeout: max(options.timeout, Options().timeout), stdio: stdio)
            return MigrateError(.rolledBack, "\(error); container \(container.id) runs again in \(container.bundle)")
        } catch let second {
            return MigrateError(
                .lost,
                "\(error); bringing container \(container.id) back to \(container.bundle) failed too (\(second)); "
                    + "its images are kept in \(folder.path): 'bundletool recover' tries again")
        }
    }
}
