internal import Bundles
internal import Glibc
internal import LinuxSystem

/// What a migration would take, as far as can be said without stopping the container.
package struct MigrationForecast: Sendable, Codable, Equatable {
    package var container: String
    package var source: String
    package var destination: String
    /// Bytes of memory that a checkpoint would carry.
    package var memory: Int
    /// Bytes of it that change each second.
    package var changing: Int
    /// Bytes a second that the link is taken to carry: the given bandwidth, else the rate at which memory can be read.
    package var linkRate: Int
    /// Rounds while the container runs; 0 for stop-and-copy.
    package var rounds: Int
    /// Whether the rounds end because the rest is small.
    package var converges: Bool
    /// All bytes that would cross, and those while the container is stopped.
    package var bytes: Int
    package var frozenBytes: Int
    /// Seconds that the latter take; what CRIU takes for its dump and restore comes on top.
    package var transferSeconds: Double
}

extension Migrator {
    /// Checks all that can be checked, reads the memory of the running container twice, and predicts.
    package func forecast(_ container: Container, to destination: String) async throws -> MigrationForecast {
        try await withTaskCancellationHandler {
            let rootfs = try await preflight(container, destination)
            defer { withExtendedLifetime(rootfs) {} }
            return try await onThread("forecast") { try self.predict(container, destination) }
        } onCancel: {
            cancellation.raise()
        }
    }

    func predict(_ container: Container, _ destination: String) throws -> MigrationForecast {
        let nowhere = try Descriptor.open("/dev/null", O_RDWR)
        let link = Link(input: nowhere, output: nowhere)
        let hasher = PageHasher(seed: PageHasher.randomSeed())
        func read(_ number: Int, _ known: PageIndex) throws -> (PageSetSender, Duration) {
            let start = ContinuousClock.now
            let sender = try PageSetSender(number: number, link: link, hasher: hasher, known: known)
            try LiveMemory(processes: try ContainerProcess.tree(below: container.pid)).send(
                to: sender, progress: { _ in }, isCancelled: { [cancellation] in cancellation.isRaised })
            _ = try sender.finish()
            return (sender, .now - start)
        }
        let (first, reading) = try read(1, PageIndex())
        // Long enough after the first look for changes to show.
        usleep(300_000)
        let (second, again) = try read(2, first.index)
        let readSeconds = max(again / .seconds(1), 0.001)
        let elapsed = reading / .seconds(1) + 0.3
        return Self.forecast(
            MigrationForecast(
                container: container.id, source: container.bundle, destination: destination,
                memory: second.index.pages * Page.size,
                changing: Int(Double(second.counts.sent * Page.size) / elapsed),
                linkRate: Int(
                    options.bandwidth?.bytesPerSecond ?? Double(second.index.pages * Page.size) / readSeconds),
                rounds: 0, converges: true, bytes: 0, frozenBytes: 0, transferSeconds: 0),
            readSeconds: readSeconds, options.precopy ? options.convergence : nil)
    }

    /// Plays the rounds through.
    /// - Parameters:
    ///   - known: what was measured.
    ///   - readSeconds: the least that a round takes: all memory is read.
    ///   - convergence: nil for stop-and-copy.
    static func forecast(
        _ known: MigrationForecast, readSeconds: Double, _ convergence: Convergence?
    ) -> MigrationForecast {
        var forecast = known
        let rate = max(Double(known.linkRate), 1)
        guard let convergence else {
            forecast.frozenBytes = known.memory
            forecast.bytes = known.memory
            forecast.transferSeconds = max(Double(known.memory) / rate, readSeconds)
            return forecast
        }
        var rounds: [MigrationReport.Round] = []
        var bytes = known.memory
        while true {
            let seconds = max(Double(bytes) / rate, readSeconds)
            rounds.append(.init(pages: bytes / Page.size, seconds: seconds))
            forecast.bytes += bytes
            bytes = min(known.memory, Int(Double(known.changing) * seconds))
            let decision = convergence.decide(rounds, rate: rate)
            if decision == .again { continue }
            forecast.converges = decision == .enough
            break
        }
        forecast.rounds = rounds.count
        forecast.frozenBytes = bytes
        forecast.bytes += bytes
        forecast.transferSeconds = Double(bytes) / rate
        return forecast
    }
}
