internal import LinuxSystem

/// How long a container stood still, by what CRIU left in its work folders.
///
/// Its own statistics are of no use: the frozen time of a dump with `--lazy-pages` is not that (CRIU 4.2). The log says
/// when the processes were stopped, in seconds since CRIU's start; the files' times tie the two logs together.
enum Downtime {
    /// - Parameters:
    ///   - dump: the work folder of the dump.
    ///   - restore: the work folder of the restore.
    /// - Returns: nil where something is missing.
    static func measured(dump: String, restore: String) -> Duration? {
        // Written right after the processes were resumed.
        guard let restored = Files.modified("\(restore)/stats-restore") else { return nil }
        if let stopped = Files.text(of: "\(dump)/\(stoppedName)").flatMap(Double.init).map({ Duration.seconds($0) }),
            restored > stopped
        {
            return restored - stopped
        }
        return measured(dump: dump, until: restored)
    }

    private static let stoppedName = "stopped"

    /// Notes when the container was frozen, since the epoch, where CRIU has not done it.
    static func note(stopped: Duration, in dump: String) throws {
        try Files.write(Array("\(stopped / .seconds(1))".utf8), to: "\(dump)/\(stoppedName)")
    }

    /// - Parameters:
    ///   - dump: the work folder of the dump.
    ///   - restored: when the container ran again, since the epoch.
    static func measured(dump: String, until restored: Duration) -> Duration? {
        guard let log = Files.text(of: "\(dump)/dump.log"),
            let stopping = ["freezing cgroup", "Seized task"].lazy.compactMap({ time(of: $0, in: log) }).first,
            let ended = time(of: "Writing stats", in: log), ended > stopping,
            // Written in that same moment.
            let dumped = Files.modified("\(dump)/stats-dump")
        else { return nil }
        let downtime = ended - stopping + (restored - dumped)
        return downtime > .zero ? downtime : nil
    }

    /// The time stamp, `(12.345678)`, of the first line of a CRIU log that contains `words`.
    static func time(of words: String, in log: String) -> Duration? {
        let line = log.split(separator: "\n").first { $0.contains(words) }
        guard let line, line.hasPrefix("("), let end = line.firstIndex(of: ")"),
            let seconds = Double(line[line.index(after: line.startIndex)..<end])
        else { return nil }
        return .seconds(seconds)
    }
}
