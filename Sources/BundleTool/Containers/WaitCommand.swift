import ArgumentParser
import LinuxSystem
import Migrate

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a container ends, and print its exit status.",
        discussion: """
            A container that a signal has ended counts as 128 and the signal's number. A move to another bundle is no end.
            """)

    @Argument(help: "The container's id.") var id: String
    @OptionGroup var runtimeOptions: RuntimeOptions

    func run() async throws {
        let runtime = try runtimeOptions.find()
        let record = try runtime.record(of: id)
        guard record.exists else {
            try await runtime.existing(id)
            throw Failure(
                "how container \(id) ends is not known: 'bundletool run' starts containers whose end is kept")
        }
        guard let end = try await runtime.waitForEnd(of: record) else { throw unknown(record.state?.status) }
        print(end.exitStatus)
    }

    private func unknown(_ status: MonitorState.Status?) -> Failure {
        switch status {
        case nil: Failure("container \(id) was removed")
        case .moved: Failure("container \(id) goes on elsewhere")
        default: Failure("how container \(id) has ended is not known: its monitor was killed before")
        }
    }
}

extension ChildProcess.End {
    /// As shells have it.
    var exitStatus: Int32 {
        switch self {
        case .exited(let code): code
        case .killed(let signal): 128 + signal
        }
    }
}
