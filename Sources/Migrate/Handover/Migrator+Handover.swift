internal import LinuxSystem

extension Migrator {
    /// Moves `container` to a receiver that is a process of its own, with its own runtime: it is held frozen here until
    /// the one there is complete and has become the receiver's.
    ///
    /// As `migrate(_:to:)`, the task can be cancelled until the container is stopped.
    /// - Parameters:
    ///   - destination: the bundle, as the receiver's user would name it.
    ///   - receiver: the command that starts it, for `/bin/sh`.
    /// - Throws: as `migrate(_:to:)`, and `.uncertain` where the container is held frozen here because the receiver may
    ///   run it and cannot be asked.
    package func migrate(
        _ container: Container, to destination: String, through receiver: String
    ) async throws -> MigrationReport {
        try await withTaskCancellationHandler {
            try await handOver(container, destination, receiver)
        } onCancel: {
            cancellation.raise()
        }
    }

    /// Looks at both ends whether a move to a receiver would work, reads the memory of the running container twice, and
    /// predicts. Nothing stays at either end.
    package func forecast(
        _ container: Container, to destination: String, through receiver: String
    ) async throws -> MigrationForecast {
        try await withTaskCancellationHandler {
            let (route, preflight) = try await prepare(container, destination, receiver)
            let welcome = try await connected(to: route, preflight, container) { link in
                try await greet(over: link, route, preflight, seed: PageHasher.randomSeed(), looks: true)
            }
            return try await onThread("forecast") {
                try predict(container, welcome.bundle.printable(limit: HandoverLimits.path))
            }
        } onCancel: {
            cancellation.raise()
        }
    }

    /// What can be done without the receiver.
    private func prepare(
        _ container: Container, _ word: String, _ receiver: String
    ) async throws -> (Handover.Route, HandoverPreflight) {
        let route = Handover.Route(
            command: receiver, patience: options.timeout + .seconds(10),
            migration: String(UInt64.random(in: 0 ... .max), radix: 16), container: container.id, destination: word)
        let preflight = try await HandoverPreflight(
            of: container, runtime, criu, comparesProcessors: options.comparesProcessors,
            isCancelled: { [cancellation] in cancellation.isRaised })
        return (route, preflight)
    }

    private func greet(
        over link: Link, _ route: Handover.Route, _ preflight: HandoverPreflight, seed: [UInt8], looks: Bool
    ) async throws -> WelcomeMessage {
        try await onThread("migrate") { [options, cancellation] in
            let hello = HelloMessage(
                container: route.container, hashSeed: seed, migration: route.migration, destination: route.destination,
                looks: looks, restore: options.restore, fillRate: options.fillRate?.bytesPerSecond)
            return try preflight.greet(hello, over: link, isCancelled: { cancellation.isRaised })
        }
    }

    /// Starts a receiver for `body`. Where it fails, what its command says is told.
    private func connected<Value: Sendable>(
        to route: Handover.Route, _ preflight: HandoverPreflight, _ container: Container,
        _ body: (Link) async throws -> Value
    ) async throws -> Value {
        let connection = try ReceiverConnection(
            command: route.command, rate: options.bandwidth, patience: route.patience)
        do {
            let value = try await body(connection.link)
            await connection.close()
            return value
        } catch let error as MigrateError where [.disconnected, .malformed, .toolFailed].contains(error.code) {
            // A command that could not be run, a host that was not reached: it says so itself.
            var words = await connection.close()
            if error.code != .disconnected { words = nil }
            throw preflight.error(
                MigrateError(
                    error.code,
                    "\(error)\(words.map { " ('\(route.command)' says: \($0))" } ?? ""); container \(container.id) runs on "
                        + "in \(container.bundle)"))
        } catch {
            await connection.close()
            throw error
        }
    }

    private func handOver(_ container: Container, _ word: String, _ receiver: String) async throws -> MigrationReport {
        let start = ContinuousClock.now
        let tracking = options.precopy ? try PageTracking.choose(options.tracking) : .content
        let (route, preflight) = try await prepare(container, word, receiver)
        var report = try await connected(to: route, preflight, container) { link in
            let seed = PageHasher.randomSeed()
            let welcome = try await greet(over: link, route, preflight, seed: seed, looks: false)
            let folder = try MigrationWorkFolder(id: container.id, beside: container.bundle, criu: criu)
            do {
                let runtime = try await runtime.prepared(criuFolder: folder.criuFolder)
                let source = MigrationSource(
                    link: link, runtime: runtime, container: container, folder: folder, rootfs: nil,
                    tracking: tracking, packer: PagePacker(options.compress, rate: options.bandwidth, isLocal: false),
                    timeout: options.timeout, seed: seed,
                    staysFrozen: true)
                var report = MigrationReport(
                    container: container.id, source: container.bundle,
                    destination: welcome.bundle.printable(limit: HandoverLimits.path))
                if options.precopy {
                    report.tracking = tracking
                    event(.tracking(tracking))
                }
                try await handOver(container, source, folder, runtime, route, link, &report)
                folder.remove()
                return report
            } catch {
                // As long as nobody knows whose the container is, the folder holds the one that is frozen here.
                if (error as? MigrateError)?.code != .uncertain { folder.remove() }
                throw error
            }
        }
        report.totalSeconds = (.now - start) / .seconds(1)
        return report
    }

    private func handOver(
        _ container: Container, _ source: MigrationSource, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime,
        _ route: Handover.Route, _ link: Link, _ report: inout MigrationReport
    ) async throws {
        var journal = MigrationJournal(container: container, destination: route.destination, runtime: runtime)
        journal.receiver = route.command
        journal.migration = route.migration
        try journal.write(in: folder.path, durably: true)
        let stdio = try await runtime.holdStdio(of: container)
        do {
            let handover = Handover(source: source, route: route, folder: folder, journal: journal)
            try await run(source, link, &report) { known, set in
                try await move(source, handover, folder, runtime, container, known: known, set: set)
            }
            event(.filling)
            report.fill = try await Task.detached { try await source.sayDone() }.value
        } catch {
            if (error as? MigrateError)?.code != .uncertain { await runtime.settle(stdio) }
            throw error
        }
        await runtime.settle(stdio, isElsewhere: true)
    }

    private func move(
        _ source: MigrationSource, _ handover: Handover, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime,
        _ container: Container, known: PageIndex, set: Int
    ) async throws -> Move {
        event(.dumping)
        let lock = NetworkLock(of: container)
        let dumping = ContinuousClock.now
        do {
            let result = try await source.finalDump(number: set, known: known, method: .held) { hold in
                event(.restoring)
                try await handover.decide(hold)
            }
            return moved(result, handover, folder, since: dumping)
        } catch let error as MigrateError where error.code == .uncertain {
            throw error
        } catch {
            guard handover.times.accepted != nil else {
                do {
                    try await checkStopped(error, container, runtime, folder, lock, hasDumped: false)
                } catch let second as MigrateError where second.code == .lost {
                    // The folder is what `recover` needs.
                    throw MigrateError(.uncertain, "\(second)")
                }
                throw error
            }
            // It runs there; what is left of it here must not.
            if let left = try await runtime.container(container.id) { try await runtime.discard(left) }
            return moved(DumpResult(), handover, folder, since: dumping)
        }
    }

    private func moved(
        _ result: DumpResult, _ handover: Handover, _ folder: MigrationWorkFolder, since start: ContinuousClock.Instant
    ) -> Move {
        let times = handover.times
        let arrived = times.arrived ?? start
        let accepted = times.accepted ?? .now
        return Move(
            dump: result, dumpTime: arrived - start, restoreTime: accepted - arrived,
            frozen: times.runs.flatMap { Downtime.measured(dump: folder.sourceWork, until: $0) } ?? accepted - start)
    }
}
