internal import Bundles
internal import LinuxSystem

extension MigrationSource {
    /// A dump that CRIU does, or has done.
    private struct Checkpoint: Sendable {
        let hold: DumpHold
        let guarding: DumpGuard?
        /// Raised when the runtime has ended.
        let isOver: Latch
        /// Readable from then on.
        let ended: Descriptor
        let task: Task<Void, any Error>
    }

    /// CRIU dumps all but the memory, which is read from the frozen processes while it holds; the container ends here
    /// only when the destination has confirmed all of it. Whatever fails before resumes it.
    func heldDump(
        number: Int, known: PageIndex, _ decision: @escaping @Sendable (Hold?) async throws -> Void
    ) async throws -> DumpResult {
        try await onThread("links") { [self] in
            try FrozenMemory.keepFromCopying(
                into: folder.sourceImages, try ContainerProcess.tree(below: container.pid))
        }
        let checkpoint = try begin()
        do {
            guard let result = try await onLink({ [self] in try send(checkpoint, number, known) }) else {
                // The dump ended without ever holding: it failed, and says why.
                try await checkpoint.task.value
                throw MigrateError(.toolFailed, "the checkpoint of container \(container.id) ended without its images")
            }
            try await decision(checkpoint.hold.hold)
            dumped.raise()
            try checkpoint.hold.hold.decide(.commit)
            try await onThread("commit") { [self] in
                try checkpoint.hold.closePageServer(unless: { checkpoint.isOver.isRaised })
                keeper?.endKept(below: container.pid, unless: { checkpoint.isOver.isRaised })
            }
            try await checkpoint.task.value
            return result
        } catch let error as MigrateError where error.code == .uncertain {
            // Held on, by the script alone, until somebody has asked at the other end.
            throw error
        } catch {
            let words = await undo(checkpoint)
            if !words.isEmpty, let error = error as? MigrateError { throw MigrateError(error.code, "\(error)\(words)") }
            throw error
        }
    }

    /// Has the runtime begin the dump.
    private func begin() throws -> Checkpoint {
        let hold = try DumpHold(folder: folder.hold, freezer: freezer, keeper: keeper, settings: settings)
        let ended = try Descriptor.pipe()
        let isOver = Latch()
        let task = Task.detached { [self] in
            defer {
                isOver.raise()
                try? ended.write.write(all: [0])
            }
            try await runtime.checkpoint(
                id: container.id, images: folder.sourceImages, work: folder.sourceWork, hold: hold)
        }
        return Checkpoint(
            hold: hold, guarding: freezer.map { DumpGuard(root: container.pid, freezer: $0) }, isOver: isOver,
            ended: ended.read, task: task)
    }

    /// Waits until CRIU holds, and sends all that the destination lacks.
    /// - Returns: nil where the dump has ended without that.
    private func send(_ checkpoint: Checkpoint, _ number: Int, _ known: PageIndex) throws -> DumpResult? {
        let (hold, guarding) = (checkpoint.hold, checkpoint.guarding)
        let stopped = try guarding.flatMap { try hold.waitUntilFrozen(orUntil: checkpoint.ended, guarding: $0) }
        if let stopped { try Downtime.note(stopped: stopped, in: folder.sourceWork) }
        let comparison = stopped == nil ? nil : try? compared(with: known)
        let comparing = try comparison.map { comparison in try BackgroundWork("compare") { comparison.work() } }
        defer {
            comparison?.stop()
            try? comparing?.wait()
        }
        guard
            try hold.hold.wait(
                orUntil: checkpoint.ended, within: timeout, while: { ContainerProcess.isAlive(container.pid) })
        else { return nil }
        try guarding?.disarm()
        try checkInventory()
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

    /// What finds out beforehand which pages are as the destination has them; nil where the kernel says it anyway, or the
    /// destination has none.
    private func compared(with known: PageIndex) throws -> FrozenComparison? {
        guard known.pages > 0 else { return nil }
        let processes = try ContainerProcess.tree(below: container.pid)
        let objects = SharedMemory.all(of: processes)
        // The kernel marks no shared memory.
        if tracker != nil, objects.isEmpty { return nil }
        // What the kernel still reads for them may come after it was compared.
        if processes.contains(where: \.hasAsynchronousIO) { return nil }
        return try FrozenComparison(
            processes: tracker == nil ? processes : [], objects: objects, known: known, hasher: hasher)
    }

    /// Resumes the container, whatever has become of CRIU.
    /// - Returns: for the error: what had to be done for that; empty where CRIU has done it.
    private func undo(_ checkpoint: Checkpoint) async -> String {
        // A CRIU that does not come to its end, because its container has died under it, or its runtime, is brought to it.
        let patience = Task.detached { [timeout, runtime] in
            try await Task.sleep(for: min(timeout, .seconds(30)))
            checkpoint.task.cancel()
            // The runtime ends when it is told to; a CRIU that is stopped, or waits, holds the processes on.
            _ = await checkpoint.task.result
            try Task.checkCancellation()
            runtime.endCRIU()
        }
        // Also where the runtime has ended: CRIU and its script may live on.
        try? checkpoint.hold.hold.decide(.rollback)
        try? await onThread("rollback") {
            try checkpoint.hold.closePageServer(unless: { checkpoint.isOver.isRaised })
        }
        _ = await checkpoint.task.result
        var words = ""
        do {
            let rescued = try await onThread("guard") { try checkpoint.guarding?.finish() ?? 0 }
            if rescued > 0 {
                words =
                    "; it was killed at work in the container's processes, and \(rescued) of their threads were put back "
                    + "as they were"
            }
        } catch {
            words = "; it was killed at work in the container's processes, which could not be put back: \(error)"
        }
        patience.cancel()
        // It must not meet what comes next: a restore.
        _ = await patience.result
        // CRIU leaves the cgroup as it has found it.
        try? freezer?.thaw()
        try? keeper?.thaw()
        return words
    }
}
