internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

extension MigrationReport {
    /// What came after a lazy restore.
    package struct Fill: Sendable, Codable, Equatable {
        /// Pages that were there before the first process went on.
        package var pagesBefore = 0
        /// Pages that a process waited for, and those right behind them.
        package var pagesOnDemand = 0
        /// All others.
        package var pagesInBackground = 0
        /// From the processes going on to the last page.
        package var seconds = 0.0
        /// True where the pages could not all be placed, and the container was started again from its images instead:
        /// what it had done since the move is lost.
        package var restarted = false
    }
}

/// Where a fill stands, from the folder that its server works in: what `migrate` waits for, and what `recover` finds.
struct FillState {
    let folder: String

    init(folder: String) {
        self.folder = folder
    }

    /// The one that a migration's work folder holds; nil where nothing was restored lazily.
    init?(left work: String) {
        folder = "\(work)/\(MigrationWorkFolder.fillingName)"
        guard Files.exists(folder) else { return nil }
    }

    /// The container is about to be restored in another way, or has been.
    static func forget(in work: String) {
        try? FileManager.default.removeItem(atPath: "\(work)/\(MigrationWorkFolder.fillingName)")
    }

    static let lockName = "lock"
    static let reportName = "report.json"

    /// What the server says at its end.
    struct Report: Codable, Equatable {
        var fill: MigrationReport.Fill?
        /// Why there are pages that could not be placed.
        var failure: String?
        /// CRIU has ended without having restored the container.
        var aborted = false
    }

    enum Answer: Equatable {
        case working
        case ended(Report)
        /// Server and keeper are gone, and have not come to an end.
        case died
    }

    func now() -> Answer {
        if let report { return .ended(report) }
        guard let lock = try? Descriptor.open("\(folder)/\(Self.lockName)", O_RDWR),
            (try? lock.tryLock()) == false
        else { return report.map(Answer.ended) ?? .died }
        return .working
    }

    private var report: Report? {
        (try? Files.contents(of: "\(folder)/\(Self.reportName)", limit: 1 << 20)).flatMap {
            try? JSONDecoder().decode(Report.self, from: Data($0))
        }
    }

    /// Waits until the server has come to an end, or is gone.
    /// - Throws: `.busy` where that takes too long.
    func wait(atMost patience: Duration? = nil) async throws -> Answer {
        let start = ContinuousClock.now
        while true {
            let answer = now()
            guard answer == .working else { return answer }
            if let patience, .now - start > patience {
                throw MigrateError(
                    .busy, "the memory of a container is still being filled (\(folder)); try again when it has ended")
            }
            // Nobody takes this for a cancellation: the container lives from it.
            _ = await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
        }
    }

    /// For who finds a dead migration: waits for the page server, which lives on without it.
    /// - Returns: whether it has placed all pages; nil where the container was not restored that way after all.
    func waitForFill() async throws -> Bool? {
        switch try await wait(atMost: .seconds(600)) {
        case .ended(let report): report.aborted ? nil : report.fill != nil
        case .died, .working: false
        }
    }

    static func write(_ report: Report, in folder: String) throws {
        let path = "\(folder)/\(reportName)"
        try Files.write([UInt8](JSONEncoder().encode(report)), to: path + ".new")
        try retrying("write", path) { rename(path + ".new", path) }
    }
}
