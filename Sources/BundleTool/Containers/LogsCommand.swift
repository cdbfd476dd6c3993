import ArgumentParser
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
            guard let time = LogTime.parse(text) else {
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
}
