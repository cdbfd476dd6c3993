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

    private func handOver(_ container: Container, _ word: String, _ receiver: String) async throws -> MigrationReport {
        let start = ContinuousClock.now
        let folder = try MigrationWorkFolder(id: container.id, beside: container.bundle, criu: criu)
        do {
            let runtime = try await runtime.prepared(criuFolder: folder.criuFolder)
            guard runtime.canHold else {
                throw MigrateError(
                    .toolMissing,
                    "\(runtime.name) cannot hold a dump, which a move to another receiver needs: install bash and runc "
                        + "1.1 or newer")
            }
            var journal = MigrationJournal(container: container, destination: word, runtime: runtime)
            journal.receiver = receiver
            journal.migration = String(UInt64.random(in: 0 ... .max), radix: 16)
            try journal.write(in: folder.path, durably: true)
            let route = Handover.Route(
                command: receiver, patience: options.timeout + .seconds(10), migration: journal.migration!,
                container: container.id, destination: word)
            let stdio = try await runtime.holdStdio(of: container)
            let report: MigrationReport
            do {
                report = try await handOver(container, folder, runtime, journal, route, since: start)
            } catch {
                if (error as? MigrateError)?.code != .uncertain { await runtime.settle(stdio) }
                throw error
            }
            await runtime.settle(stdio, isElsewhere: true)
            folder.remove()
            return report
        } catch {
            // As long as nobody knows whose the container is, the folder holds the one that is frozen here.
            if (error as? MigrateError)?.code != .uncertain { folder.remove() }
            throw error
        }
    }

    private func handOver(
        _ container: Container, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime,
        _ journal: MigrationJournal, _ route: Handover.Route, since start: ContinuousClock.Instant
    ) async throws -> MigrationReport {
        let tracking = options.precopy ? try PageTracking.choose(options.tracking) : .content
        return try await connected(to: route, container, folder, runtime) { source, link in
            let welcome = try await greet(source, route, container)
            var report = MigrationReport(
                container: container.id, source: container.bundle, destination: welcome.bundle.printable(limit: 4096))
            if options.precopy {
                report.tracking = tracking
                event(.tracking(tracking))
            }
            let handover = Handover(
                source: source, route: route, folder: folder, container: container, journal: journal)
            try await run(source, link, &report) { known, set in
                try await move(source, handover, folder, runtime, container, known: known, set: set)
            }
            event(.filling)
            report.fill = try await Task.detached { try await source.sayDone() }.value
            report.totalSeconds = (.now - start) / .seconds(1)
            return report
        }
    }

    /// Looks at both ends whether it would work, before anything is disturbed.
    private func greet(
        _ source: MigrationSource, _ route: Handover.Route, _ container: Container
    ) async throws -> WelcomeMessage {
        let here = try await HandoverChecks.problems(of: container, criu: criu)
        let hasConnections = NetworkLock.hasConnections(container.pid)
        let memory = source.estimatedPages() * Page.size
        let welcome = try await source.greet { [options] hello in
            hello.migration = route.migration
            hello.destination = route.destination
            hello.restore = options.restore
            hello.fillRate = options.fillRate?.bytesPerSecond
            hello.memory = memory
            hello.hasConnections = hasConnections
        }
        try HandoverChecks.check(container.id, here: here, there: welcome.problems)
        return welcome
    }

    /// Checks at both ends all that can be checked, reads the memory of the running container twice, and predicts.
    package func forecast(
        _ container: Container, to word: String, through receiver: String
    ) async throws -> MigrationForecast {
        try await withTaskCancellationHandler {
            let folder = try MigrationWorkFolder(id: container.id, beside: container.bundle, criu: criu)
            defer { folder.remove() }
            let runtime = try await runtime.prepared(criuFolder: folder.criuFolder)
            let route = Handover.Route(
                command: receiver, patience: options.timeout + .seconds(10),
                migration: String(UInt64.random(in: 0 ... .max), radix: 16), container: container.id, destination: word)
            return try await connected(to: route, container, folder, runtime) { source, link in
                let welcome = try await greet(source, route, container)
                try await onThread("migrate") { try link.send(.failure, FailureMessage(text: "this was to look only")) }
                return try await onThread("forecast") {
                    try predict(container, welcome.bundle.printable(limit: 4096))
                }
            }
        } onCancel: {
            cancellation.raise()
        }
    }

    /// Runs `body` with a receiver that is started for it; where the receiver fails, what it says is told.
    private func connected<Value: Sendable>(
        to route: Handover.Route, _ container: Container, _ folder: MigrationWorkFolder, _ runtime: ContainerRuntime,
        _ body: (MigrationSource, Link) async throws -> Value
    ) async throws -> Value {
        let connection = try ReceiverConnection(
            command: route.command, rate: options.bandwidth, patience: route.patience)
        let source = MigrationSource(
            link: connection.link, runtime: runtime, container: container, folder: folder, rootfs: nil,
            tracking: options.precopy ? try PageTracking.choose(options.tracking) : .content)
        do {
            let value = try await body(source, connection.link)
            await connection.close()
            return value
        } catch let error as MigrateError where [.disconnected, .malformed, .toolFailed].contains(error.code) {
            // A command that could not be run, a host that was not reached: it says so itself.
            var words = await connection.close()
            if error.code != .disconnected { words = nil }
            throw MigrateError(
                error.code,
                "\(error)\(words.map { " ('\(route.command)' says: \($0))" } ?? ""); container \(container.id) runs on in "
                    + container.bundle)
        } catch {
            await connection.close()
            throw error
        }
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
                try await checkStopped(error, container, runtime, folder, lock, hasDumped: false)
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
