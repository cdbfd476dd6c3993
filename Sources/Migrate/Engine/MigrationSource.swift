internal import Bundles
internal import Glibc
internal import LinuxSystem

/// How the memory gets out of the stopped container.
package enum DumpMethod: String, Sendable, CaseIterable {
    /// Read by us while CRIU holds the container frozen; undone by resuming it.
    case held
    /// Sent by CRIU to our page server.
    case pageServer = "page-server"
}

/// What a final dump sent.
struct DumpResult: Sendable {
    var counts = PageCounts()
    /// What was brought over of the files that the container had written.
    var files = TreeMirror.Changes()
    /// How long it took to find and send them.
    var transfer = Duration.zero
}

/// The sending end of a migration: pre-copy, final dump, images, the order to restore.
///
/// Its steps are called one after another by the migrator.
final class MigrationSource: Sendable {
    let link: Link
    let runtime: ContainerRuntime
    let container: Container
    let folder: MigrationWorkFolder
    let rootfs: RootfsSync?
    let hasher: PageHasher
    private let seed: [UInt8]
    let packer: PagePacker?
    /// How long CRIU may take to dump all but the memory.
    let timeout: Duration
    let dumped = Latch()
    /// Nil compares contents only.
    let tracker: SoftDirtyTracker?
    /// What is frozen before CRIU looks; nil leaves that to CRIU.
    let freezer: ContainerFreezer?
    /// What is frozen as long as CRIU holds, so that it stays so when CRIU is killed; nil where that need not be.
    let keeper: ContainerFreezer?
    /// Lines of CRIU's configuration for the dump.
    let settings: [String]

    /// Whether all memory is at the destination, and the container gone here or about to go: from then on there is
    /// something to restore. Images of a dump into a page server may still be here.
    var hasDumped: Bool { dumped.isRaised }

    /// - Parameters:
    ///   - timeout: how long CRIU may take to dump all but the memory.
    ///   - seed: of the page hashes; the receiver's greeting says it.
    ///   - staysFrozen: whether what CRIU holds must not run on when CRIU is killed: it may run elsewhere.
    ///   - locksByTable: whether CRIU locks the network by a table (`NetworkLockTable`): only a restore in the same
    ///     network namespace takes that away.
    init(
        link: Link, runtime: ContainerRuntime, container: Container, folder: MigrationWorkFolder, rootfs: RootfsSync?,
        tracking: PageTracking, packer: PagePacker?, timeout: Duration, seed: [UInt8] = PageHasher.randomSeed(),
        staysFrozen: Bool = false, locksByTable: Bool = false
    ) {
        self.timeout = timeout
        freezer = ContainerFreezer(whatCRIUFreezes: container, runtime)
        keeper = staysFrozen ? ContainerFreezer(pid: container.pid) : nil
        settings = locksByTable ? [NetworkLockTable.setting] : []
        self.packer = packer
        tracker = tracking == .softDirty ? SoftDirtyTracker() : nil
        self.link = link
        self.runtime = runtime
        self.container = container
        self.folder = folder
        self.rootfs = rootfs
        self.seed = seed
        hasher = PageHasher(seed: seed)
    }

    /// Greets a receiver that is this process.
    func greet() async throws {
        try await onLink { [self] in
            try link.send(.hello, HelloMessage(container: container.id, hashSeed: seed))
            _ = try link.expect(.welcome, as: WelcomeMessage.self)
        }
    }

    /// Brings what the container has written to its rootfs so far to the destination's.
    func bringFiles(isCancelled: @escaping @Sendable () -> Bool) async throws -> TreeMirror.Changes {
        guard let rootfs else { return .init() }
        return try await onThread("files") { try rootfs.catchUp(isCancelled: isCancelled) }
    }

    /// About how many pages a checkpoint would carry now.
    func estimatedPages() -> Int {
        guard let processes = try? ContainerProcess.tree(below: container.pid) else { return 0 }
        return LiveMemory(processes: processes).pages()
    }

    /// Sends the memory while the container runs.
    /// - Parameter known: what the round before has sent.
    /// - Returns: what the destination then holds, and how it got it.
    func precopy(
        number: Int, known: PageIndex, progress: @escaping @Sendable (Int) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) async throws -> (index: PageIndex, counts: PageCounts) {
        try await onLink { [self] in
            tracker?.beginRound(try ContainerProcess.tree(below: container.pid))
            let memory = LiveMemory(processes: try ContainerProcess.tree(below: container.pid), tracker: tracker)
            let sender = try PageSetSender(number: number, link: link, hasher: hasher, known: known, packer: packer)
            try memory.send(to: sender, progress: progress, isCancelled: isCancelled)
            try finish(sender)
            return (sender.index, sender.counts)
        }
    }

    /// Stops the container and sends what the destination does not hold yet. When this returns, the container is gone
    /// here, and everything of it is at the destination.
    /// - Parameters:
    ///   - arrived: called when all memory has arrived, before CRIU may end the container; what it throws resumes it.
    ///   - decision: called when everything has arrived; a held container still waits for the verdict then. What it throws
    ///     resumes the container; `.uncertain` leaves it held.
    func finalDump(
        number: Int, known: PageIndex, method: DumpMethod, arrived: @escaping @Sendable () throws -> Void = {},
        decision: @escaping @Sendable (Hold?) async throws -> Void
    ) async throws -> DumpResult {
        switch method {
        case .held:
            return try await heldDump(number: number, known: known) { hold in
                try arrived()
                try await decision(hold)
            }
        case .pageServer:
            let result = try await pageServerDump(number: number, known: known, arrived)
            try await decision(nil)
            return result
        }
    }

    /// CRIU dumps everything, and sends the memory to our page server.
    private func pageServerDump(
        number: Int, known: PageIndex, _ arrived: @escaping @Sendable () throws -> Void
    ) async throws -> DumpResult {
        let server = try PageServer()
        let isIncomplete = Latch()
        async let pages = onLink { [self] in
            let sender = try PageSetSender(number: number, link: link, hasher: hasher, known: known, packer: packer)
            // CRIU hears that all is well only when the destination has checked it: until then it can resume.
            let isServed = try server.serve(to: sender) {
                try finish(sender)
                do {
                    try checkInventory()
                } catch {
                    isIncomplete.raise()
                    throw error
                }
                try arrived()
                dumped.raise()
            }
            return isServed ? DumpResult(counts: sender.counts) : DumpResult()
        }
        do {
            try await runtime.checkpoint(
                id: container.id, images: folder.sourceImages, work: folder.sourceWork, pageServerPort: server.port,
                settings: settings)
        } catch {
            server.cancel()
            // Where our side failed first, CRIU only noticed: our reason is the one to tell.
            do { _ = try await pages } catch  where !isIncomplete.isRaised { throw error }
            throw error
        }
        var result = try await pages
        result.files = try await onLink { [self] in
            try sendImages()
            return try rootfs?.pass() ?? .init()
        }
        return result
    }

    /// CRIU may also take a dump for complete that is not, and end the container; the inventory is the last that it
    /// writes (`cr-dump.c`, `cr_dump_tasks`).
    func checkInventory() throws {
        guard Files.exists("\(folder.sourceImages)/inventory.img") else {
            throw MigrateError(.toolFailed, "CRIU has not written all of the images of container \(container.id)")
        }
    }

    /// Sends the small images, and waits until the destination has them all.
    func sendImages() throws {
        try TimerImage.rearm(in: folder.sourceImages)
        let names = try Files.names(in: folder.sourceImages).filter(CheckpointStore.isImageName)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        for name in names {
            let path = "\(folder.sourceImages)/\(name)"
            let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW)
            let size = Int(try file.status().st_size)
            try link.send(.file, FileMessage(name: name, size: size))
            var missing = size
            while missing > 0 {
                let count = try file.read(into: buffer)
                guard count > 0, count <= missing else {
                    throw MigrateError(.toolFailed, "\(path) changed while it was sent")
                }
                try link.send(.data, head: [], body: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                missing -= count
            }
        }
        try link.send(.imagesEnd, ImagesEndMessage(count: names.count))
        _ = try link.expect(.answer, as: AnswerMessage.self)
    }

    /// Has the destination start the container, and waits until it runs there.
    func restore() async throws { try await order(.restore) }

    /// Has the destination do what `kind` says, and waits until it has.
    func order(_ kind: Frame.Kind) async throws {
        try await onLink { [self] in
            try link.send(kind, RestoreMessage())
            _ = try link.expect(.answer, as: AnswerMessage.self)
        }
    }

    /// Tells the destination that nothing more will be asked, and waits until the container's memory is there.
    /// - Returns: what was filled after the restore; nil where that was not lazy, or the connection was lost.
    /// - Throws: `.lost` where the destination has lost the container that was handed to it.
    func sayDone() async throws -> MigrationReport.Fill? {
        do {
            return try await onThread("migrate") { [self] in
                try link.send(.done, RestoreMessage())
                return try link.expect(.filled, as: FilledMessage.self).fill
            }
        } catch let error as MigrateError where error.code == .toolFailed {
            throw MigrateError(.lost, "\(error) (said by the receiver, whose container it is)")
        } catch {
            return nil
        }
    }

    func finish(_ sender: PageSetSender) throws {
        _ = try sender.finish()
        _ = try link.expect(.answer, as: AnswerMessage.self)
    }

    /// Work on the link, on a thread. Where the link breaks, the destination's own reason is told if it left one.
    func onLink<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await onThread("migrate") { [self] in
            try link.explaining(body)
        }
    }
}
