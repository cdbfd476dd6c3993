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
    private let link: Link
    private let runtime: ContainerRuntime
    private let container: Container
    private let folder: MigrationWorkFolder
    private let rootfs: RootfsSync?
    private let hasher: PageHasher
    private let seed: [UInt8]
    private let packer: PagePacker?
    /// How long CRIU may take to dump all but the memory.
    private let timeout: Duration
    private let dumped = Latch()
    /// Nil compares contents only.
    private let tracker: SoftDirtyTracker?
    /// What is frozen before CRIU looks; nil leaves that to CRIU.
    private let freezer: ContainerFreezer?
    /// What is frozen as long as CRIU holds, so that it stays so when CRIU is killed; nil where that need not be.
    private let keeper: ContainerFreezer?
    /// Lines of CRIU's configuration for the dump.
    private let settings: [String]

    /// Whether all memory is at the destination, and the container gone here or about to go: from then on there is
    /// something to restore.
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
    /// - Parameter decision: called when everything has arrived; a held container still waits for the verdict then.
    ///   What it throws resumes the container; `.uncertain` leaves it held.
    func finalDump(
        number: Int, known: PageIndex, method: DumpMethod, decision: @escaping @Sendable (Hold?) async throws -> Void
    ) async throws -> DumpResult {
        switch method {
        case .held: return try await heldDump(number: number, known: known, decision)
        case .pageServer:
            let result = try await pageServerDump(number: number, known: known)
            try await decision(nil)
            return result
        }
    }

    /// CRIU dumps all but the memory, which is read from the frozen processes while it holds; the container ends here
    /// only when the destination has confirmed all of it. Whatever fails before resumes it.
    private func heldDump(
        number: Int, known: PageIndex, _ decision: @escaping @Sendable (Hold?) async throws -> Void
    ) async throws -> DumpResult {
        try await onThread("links") { [self] in
            try FrozenMemory.keepFromCopying(
                into: folder.sourceImages, try ContainerProcess.tree(below: container.pid))
        }
        let dump = try DumpHold(folder: folder.hold, freezer: freezer, keeper: keeper, settings: settings)
        let ended = try Descriptor.pipe()
        let isOver = Latch()
        let guarding = freezer.map { DumpGuard(root: container.pid, freezer: $0) }
        let checkpoint = Task.detached { [self] in
            defer {
                isOver.raise()
                try? ended.write.write(all: [0])
            }
            try await runtime.checkpoint(
                id: container.id, images: folder.sourceImages, work: folder.sourceWork, hold: dump)
        }
        do {
            let result = try await onLink { [self] () -> DumpResult? in
                let stopped = try guarding.flatMap { try dump.waitUntilFrozen(orUntil: ended.read, guarding: $0) }
                if let stopped { try Downtime.note(stopped: stopped, in: folder.sourceWork) }
                let comparison = stopped == nil ? nil : try? compared(with: known)
                let comparing = try comparison.map { comparison in
                    try BackgroundWork("compare") { comparison.work() }
                }
                defer {
                    comparison?.stop()
                    try? comparing?.wait()
                }
                guard
                    try dump.hold.wait(
                        orUntil: ended.read, within: timeout, while: { ContainerProcess.isAlive(container.pid) })
                else { return nil }
                try guarding?.disarm()
                let start = ContinuousClock.now
                let files = try rootfs?.begin()
                defer { _ = try? files?.wait() }
                let processes = try ContainerProcess.tree(below: container.pid)
                try keeper?.keep(processes)
                // CRIU has left us its processor.
                comparison?.work()
                try comparing?.wait()
                let sender = try PageSetSender(number: number, link: link, hasher: hasher, known: known, packer: packer)
                let memory = FrozenMemory(
                    images: folder.sourceImages, processes: processes, tracker: tracker, comparison: comparison)
                try memory.send(to: sender)
                try finish(sender)
                try sendImages()
                let changes = try files?.wait()
                return DumpResult(counts: sender.counts, files: changes ?? .init(), transfer: .now - start)
            }
            guard let result else {
                // The dump ended without ever holding: it failed, and says why.
                try await checkpoint.value
                throw MigrateError(.toolFailed, "the checkpoint of container \(container.id) ended without its images")
            }
            try await decision(dump.hold)
            dumped.raise()
            try dump.hold.decide(.commit)
            try await onThread("commit") { [self] in
                try dump.closePageServer(unless: { isOver.isRaised })
                keeper?.endKept(below: container.pid, unless: { isOver.isRaised })
            }
            try await checkpoint.value
            return result
        } catch let error as MigrateError where error.code == .uncertain {
            // Held on, by the script alone, until somebody has asked at the other end.
            throw error
        } catch {
            // A CRIU that does not come to its end, because its container has died under it, or its runtime, is brought
            // to it.
            let patience = Task.detached { [timeout, runtime] in
                try await Task.sleep(for: min(timeout, .seconds(30)))
                checkpoint.cancel()
                // The runtime ends when it is told to; a CRIU that is stopped, or waits, holds the processes on.
                _ = await checkpoint.result
                try Task.checkCancellation()
                runtime.endCRIU()
            }
            // Also where the runtime has ended: CRIU and its script may live on.
            try? dump.hold.decide(.rollback)
            try? await onThread("rollback") { try dump.closePageServer(unless: { isOver.isRaised }) }
            _ = await checkpoint.result
            var words = ""
            do {
                let rescued = try await onThread("guard") { try guarding?.finish() ?? 0 }
                if rescued > 0 {
                    words =
                        "; it was killed at work in the container's processes, and \(rescued) of their threads were "
                        + "put back as they were"
                }
            } catch {
                words =
                    "; it was killed at work in the container's processes, which could not be put back: \(error)"
            }
            patience.cancel()
            // It must not meet what comes next: a restore.
            _ = await patience.result
            // CRIU leaves the cgroup as it has found it.
            try? freezer?.thaw()
            try? keeper?.thaw()
            if !words.isEmpty, let error = error as? MigrateError { throw MigrateError(error.code, "\(error)\(words)") }
            throw error
        }
    }

    /// What finds out beforehand which pages are as the destination has them; nil where the kernel says it anyway, or the
    /// destination has none.
    private func compared(with known: PageIndex) throws -> FrozenComparison? {
        guard known.pages > 0 else { return nil }
        let processes = try ContainerProcess.tree(below: container.pid)
        let objects = SharedMemory.all(of: processes)
        if tracker != nil, objects.isEmpty { return nil }
        return try FrozenComparison(
            processes: tracker == nil ? processes : [], objects: objects, known: known, hasher: hasher)
    }

    /// CRIU dumps everything, and sends the memory to our page server.
    private func pageServerDump(number: Int, known: PageIndex) async throws -> DumpResult {
        let server = try PageServer()
        async let pages = onLink { [self] in
            let sender = try PageSetSender(number: number, link: link, hasher: hasher, known: known, packer: packer)
            // CRIU hears that all is well only when the destination has checked it: until then it can resume.
            guard try server.serve(to: sender, finish: { try finish(sender) }) else { return DumpResult() }
            return DumpResult(counts: sender.counts)
        }
        do {
            try await runtime.checkpoint(
                id: container.id, images: folder.sourceImages, work: folder.sourceWork, pageServerPort: server.port,
                settings: settings)
        } catch {
            server.cancel()
            // Where our side failed first, CRIU only noticed: our reason is the one to tell.
            _ = try await pages
            throw error
        }
        var result = try await pages
        dumped.raise()
        result.files = try await onLink { [self] in
            try sendImages()
            return try rootfs?.pass() ?? .init()
        }
        return result
    }

    /// Sends the small images, and waits until the destination has them all.
    private func sendImages() throws {
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

    private func finish(_ sender: PageSetSender) throws {
        _ = try sender.finish()
        _ = try link.expect(.answer, as: AnswerMessage.self)
    }

    /// Work on the link, on a thread. Where the link breaks, the destination's own reason is told if it left one.
    private func onLink<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await onThread("migrate") { [self] in
            try link.explaining(body)
        }
    }
}
