/// Where a receiver starts the container that it was sent.
protocol RestoreTarget: Sendable {
    /// The destination bundle's path.
    var bundle: String { get }

    /// Starts the container, which exists nowhere else any more.
    func restore(id: String, images: String) async throws

    /// Restores the container, and keeps it from running.
    func prepare(
        id: String, images: String, as options: LazyRestore.Options
    ) async throws -> any PreparedContainer
}

/// A restored container that has not run yet: the one that was dumped is held frozen at the source.
protocol PreparedContainer: Sendable {
    /// Makes the container this end's: from now on it will run here, whoever dies.
    /// - Throws: where it has been refused meanwhile.
    func accept() throws

    /// Lets it run. Where it cannot, it is the source's again, and this throws.
    func run() async throws

    /// Waits until all of its memory is there.
    /// - Returns: what came after it ran; nil where all was there before.
    /// - Throws: `.lost` where it could not be filled, nor started again.
    func filled() async throws -> MigrationReport.Fill?

    /// Ends it: the source goes on with its own.
    func abandon() async

    /// The source needs to know nothing more.
    func forget()
}

/// A bundle on this machine whose container is started only when the source's is gone: both share sockets' addresses.
struct LocalTarget: RestoreTarget {
    let bundle: String
    /// Restores the container with this id from this image folder.
    let restoring: @Sendable (_ id: String, _ images: String) async throws -> Void

    func restore(id: String, images: String) async throws { try await restoring(id, images) }

    func prepare(
        id: String, images: String, as options: LazyRestore.Options
    ) async throws -> any PreparedContainer {
        throw MigrateError(.malformed, "a move on one machine prepares no second container")
    }
}
