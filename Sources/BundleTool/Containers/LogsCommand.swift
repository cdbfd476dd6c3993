import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a container has printed.",
        discussion: """
            Its standard output goes to standard output, its standard error to standard error. The log follows the \
            container's id: it goes on when the container moves to another bundle, and is there until 'bundletool delete'.
            """)

    @Argument(help: "The container's id.") var id: String

    @Flag(name: .shortAndLong, help: "Go on until the container ends, also when it moves.") var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("The last lines only.", valueName: "lines"))
    var tail: Int?

    @Option(
        help: ArgumentHelp(
            "What came after this time (2026-11-24T05:34:14Z), or in the last 90s, 5m, 2h or 1d.", valueName: "time"),
        transform: { text in
            guard let time = LogsCommand.time(text) else {
                throw ValidationError(
                    "'\(text)' is no time; write it as 2026-11-24T05:34:14Z, or as 90s, 5m, 2h or 1d ago")
            }
            return time
        })
    var since: String?

    @Flag(name: .shortAndLong, help: "Begin each line with the time when it was read.") var timestamps = false

    @OptionGroup var runtimeOptions: RuntimeOptions

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("--tail is not negative") }
    }

    func run() async throws {
        let runtime = try runtimeOptions.find()
        let record = try runtime.record(of: id)
        if !record.exists { try await runtime.existing(id) }
        let reader = try LogReader(record, tail: tail, since: since)
        let printer = LogPrinter(showsTimes: timestamps)
        do {
            if follow {
                _ = try await runtime.waitForEnd(of: record) { try printer.print(reader) }
            } else {
                try printer.print(reader)
            }
        } catch let error as SystemError where error.code == EPIPE {
            // A reader that has seen enough.
        }
    }

    /// As log files have it.
    static func time(_ text: String, now: Date = .now) -> String? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        if let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()) {
            return number.isFinite && number >= 0 ? Self.text(now.addingTimeInterval(-number * unit)) : nil
        }
        let whole = text.contains("T") ? text : "\(text)T00:00:00Z"
        let date =
            (try? Date(whole, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            ?? (try? Date(whole, strategy: .iso8601))
        return date.map(Self.text)
    }

    private static func text(_ date: Date) -> String {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        return LogTime.text(
            seconds: Int(seconds), nanoseconds: Int((date.timeIntervalSince1970 - seconds) * 1e6) * 1000)
    }
}
