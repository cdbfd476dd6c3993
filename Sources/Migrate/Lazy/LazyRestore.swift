internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Starts a container from images that lie at the destination, lazily where that is chosen and possible: the page server
/// is started while the source ends, the runtime restores, and the server's end is awaited.
final class LazyRestore: Sendable {
    struct Options: Sendable {
        var choice = RestoreChoice.auto
        /// The program whose first word can be `PageKeeper.word`; nil is none, and then nothing is lazy.
        var server: String?
        /// Limits what is placed in the background; nil is as fast as it goes.
        var rate: Rate?
    }

    private let runtime: ContainerRuntime
    private let bundle: String
    private let folder: MigrationWorkFolder
    private let timeout: Duration
    private let options: Options
    private let preparation = Mutex<Task<Bool, Never>?>(nil)
    private let fills = Latch()

    /// - Parameter timeout: how long the restore may take, without what is filled afterwards.
    init(
        runtime: ContainerRuntime, bundle: String, folder: MigrationWorkFolder, timeout: Duration, options: Options
    ) {
        self.runtime = runtime
        self.bundle = bundle
        self.folder = folder
        self.timeout = timeout
        self.options = options
    }

    /// Begins to prepare the restore from `images`, which are complete: returns at once.
    func prepare(images: String) {
        guard options.choice != .eager, let server = options.server, runtime.canRestoreLazily, Userfault.isSupported
        else { return }
        preparation.withLock { task in
            task = Task.detached { [self] in
                let isLazy = try? await onThread("lazy") { [self] in
                    let figures = try LazyImages(folder: images).mark()
                    guard options.choice.isLazy(figures) else { return false }
                    try Files.makeFolder(folder.filling)
                    return true
                }
                guard isLazy == true else { return false }
                return await started(server, images: images)
            }
        }
    }

    private func started(_ server: String, images: String) async -> Bool {
        if await start(server, images: images) { return true }
        // A recovery shall not look for pages that somebody still has to place.
        FillState.forget(in: folder.path)
        return false
    }

    /// Starts the page server and waits until CRIU can connect to it.
    private func start(_ server: String, images: String) async -> Bool {
        // Names below its working folder: a recovery looks for tools of a dead migration by the folder's path.
        var tool = Tool(path: server)
        tool.workingFolder = folder.path
        let arguments = [images, socket, folder.filling].map {
            String(decoding: $0.utf8.dropFirst(folder.path.utf8.count + 1), as: UTF8.self)
        }
        let rate = options.rate.map { "\($0.bytesPerSecond)" } ?? "unlimited"
        let running = tool
        let ended = Latch()
        Task.detached {
            _ = try? await running.run([PageKeeper.word] + arguments + ["\(getpid())", rate], output: .discarded)
            ended.raise()
        }
        return
            (try? await onThread("lazy") { [socket] in
                while !Files.exists(socket) {
                    if ended.isRaised { return false }
                    usleep(500)
                }
                return true
            }) == true
    }

    private var socket: String { "\(folder.destinationWork)/lazy-pages.socket" }

    /// Starts the container.
    /// - Parameter hold: keeps it from running until it decides.
    func restore(id: String, images: String, stdio: ContainerStdio, hold: Hold? = nil) async throws {
        let isLazy = await preparation.withLock { $0 }?.value ?? false
        try await runtime.restore(
            id: id, bundle: bundle, images: images, work: folder.destinationWork, timeout: timeout, stdio: stdio,
            lazy: isLazy, hold: hold)
        guard isLazy else { return }
        fills.raise()
        // From here on a container that is gone has ended by itself.
        if var journal = MigrationJournal(in: folder.path) {
            journal.phase = .filling
            try? journal.write(in: folder.path)
        }
    }

    /// Waits until all memory is there.
    /// - Returns: what was filled; nil where the restore was not lazy.
    /// - Throws: `.lost` where it could not be filled, and the container could not be started from its images again.
    func finish(id: String, images: String) async throws -> MigrationReport.Fill? {
        guard fills.isRaised else { return nil }
        return try await Self.finish(
            FillState(folder: folder.filling), id: id, bundle: bundle, images: images, work: folder.sourceWork, runtime)
    }

    /// The same for who finds a dead migration.
    static func finish(
        _ state: FillState, id: String, bundle: String, images: String, work: String, _ runtime: ContainerRuntime
    ) async throws -> MigrationReport.Fill {
        let answer = try await state.wait()
        if case .ended(let report) = answer, let fill = report.fill { return fill }
        // Some of its pages are zeros, or never come: what runs there is not the container any more.
        do {
            let stdio: ContainerStdio
            if let broken = try await runtime.container(id) {
                // Its end is none: the log goes on.
                stdio = try await runtime.holdStdio(of: broken)
                try await runtime.delete(id: id, force: true)
            } else {
                stdio = try runtime.heldStdio(of: id)
            }
            try await runtime.clearFailedRestore(of: id, in: bundle)
            try await runtime.restore(
                id: id, bundle: bundle, images: images, work: work, timeout: Migrator.Options().timeout, stdio: stdio)
            await runtime.settle(stdio)
        } catch {
            throw MigrateError(
                .lost,
                "the memory of container \(id) could not be filled, and it could not be started again from its images, "
                    + "which are kept in \(images): 'bundletool recover' tries again", cause: error)
        }
        // It is whole now, and not to be started again by whoever comes next.
        try? FileManager.default.removeItem(atPath: state.folder)
        var fill = MigrationReport.Fill()
        fill.restarted = true
        return fill
    }
}
