internal import LinuxSystem
internal import Synchronization

/// Hands a container that is held frozen to a receiver that is a process of its own, so that at every moment it is
/// clear whose it is: the source's until the receiver writes down that it has accepted it, the receiver's from then on.
///
/// Whoever dies: before the receiver accepts, the source's container resumes; after, the receiver's runs. Where the
/// connection is lost in between, the source's stays frozen until a new receiver has said which it is.
final class Handover: Sendable {
    /// How a new receiver is reached.
    struct Route: Sendable {
        var command: String
        var patience: Duration
        var migration: String
        var container: String
        var destination: String

        /// Asks whose the container is.
        func ask() async throws -> Bool {
            let connection = try ReceiverConnection(command: command, rate: nil, patience: patience)
            do {
                let accepted = try await onThread("migrate") {
                    let hello = HelloMessage(
                        container: container, hashSeed: PageHasher.randomSeed(), migration: migration,
                        destination: destination, asks: true)
                    try connection.link.send(.hello, hello)
                    return try connection.link.expect(.owner, as: OwnerMessage.self).accepted
                }
                await connection.close()
                return accepted
            } catch {
                throw MigrateError(.disconnected, "\(error)\(await connection.close().map { " (\($0))" } ?? "")")
            }
        }
    }

    private let source: MigrationSource
    private let route: Route
    private let folder: MigrationWorkFolder
    private let journal: Mutex<MigrationJournal>
    /// When the decision began, and when the container was the receiver's.
    struct Times: Sendable {
        var arrived: ContinuousClock.Instant?
        var accepted: ContinuousClock.Instant?
        /// The same moment by the time of day, since the epoch.
        var runs: Duration?
    }

    private let measured = Mutex(Times())

    var times: Times { measured.withLock { $0 } }

    init(
        source: MigrationSource, route: Route, folder: MigrationWorkFolder, journal: MigrationJournal
    ) {
        self.source = source
        self.route = route
        self.folder = folder
        self.journal = Mutex(journal)
    }

    /// Called when everything has arrived. When this returns, the container is the receiver's; what it throws resumes
    /// it here, but for `.uncertain`.
    func decide(_ hold: Hold?) async throws {
        guard let hold else { throw MigrateError(.toolMissing, "a dump that cannot be held cannot be handed over") }
        measured.withLock { $0.arrived = .now }
        try await source.order(.prepare)
        try note(.handing)
        try hold.decide(.handing)
        do {
            try await source.order(.go)
        } catch let error as MigrateError where [.disconnected, .malformed].contains(error.code) {
            guard try await isAccepted(after: error) else {
                try? hold.decide(.rollback)
                try? note(.source)
                throw error
            }
        } catch {
            // Said by the receiver itself: its container is gone.
            try? hold.decide(.rollback)
            try? note(.source)
            throw error
        }
        measured.withLock { ($0.accepted, $0.runs) = (.now, Files.now()) }
        try? note(.handed)
    }

    private func isAccepted(after error: MigrateError) async throws -> Bool {
        var last: any Error = error
        for pause in [0, 1, 3] {
            try? await Task.sleep(for: .seconds(pause))
            do {
                return try await route.ask()
            } catch {
                last = error
            }
        }
        throw MigrateError(
            .uncertain,
            "the receiver was lost while it took container \(route.container) over, and cannot be asked (\(last)); the "
                + "container is held frozen here: 'bundletool recover' asks again and ends one of the two")
    }

    private func note(_ phase: MigrationJournal.Phase) throws {
        try journal.withLock { journal in
            journal.phase = phase
            try journal.write(in: folder.path, durably: true)
        }
    }
}
