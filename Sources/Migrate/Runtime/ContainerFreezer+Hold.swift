internal import Glibc

/// What is held for another receiver stays frozen whatever becomes of CRIU, and dies without having run again.
extension ContainerFreezer {
    /// Freezes what CRIU holds.
    /// - Throws: where CRIU has been killed before: they have run on since, and are not any more what it has dumped.
    func keep(_ processes: [ContainerProcess]) throws {
        try freeze(until: .now + .seconds(10))
        // Those that are held still have been all the time.
        guard processes.allSatisfy(\.isHeld) else {
            throw MigrateError(.toolFailed, "CRIU was killed while it held the container")
        }
    }

    /// Has kept processes die, which CRIU is about to kill: another copy runs already.
    /// - Parameters:
    ///   - root: the container's first one.
    ///   - isOver: whether CRIU has ended.
    func endKept(below root: Int32, unless isOver: () -> Bool) {
        let processes = (try? ContainerProcess.tree(below: root)) ?? []
        // CRIU fails on those that are killed before it has done that itself, and waits for them to end.
        let deadline = ContinuousClock.now + .seconds(1)
        while !isOver(), .now < deadline, !processes.allSatisfy(\.isKilled) { usleep(1000) }
        try? end(below: root)
    }
}
