import ArgumentParser
import Bundles
import Glibc
import LinuxSystem
import Migrate
import OCIConfig

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Start a bundle's container in the background.",
        discussion: """
            The container's id is the bundle's name, and stays when the container moves to another bundle. What it prints \
            goes into its log ('bundletool logs'), its standard input is /dev/null. A small monitor stays beside it, which \
            writes the log and keeps how the container ends ('bundletool list', 'bundletool wait').
            """)

    @Argument(help: "The bundle.") var bundle: String

    @Option(help: "Another id than the bundle's name.") var id: String?

    @Flag(
        name: .shortAndLong,
        help: """
            Stay, show what the container prints, hand it the signals of Ctrl-C and the like, and end with its exit status. \
            It still moves, and stays listed when it has ended.
            """)
    var attach = false

    @OptionGroup var logOptions: LogOptions

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions

    func run() async throws {
        let runtime = try runtimeOptions.find()
        let id = try await start(runtime)
        guard attach else {
            print(id)
            return
        }
        let end = try await follow(id, runtime)
        guard let end else { throw Failure("how container \(id) has ended is not known") }
        if end != .exited(0) { throw ExitCode(end.exitStatus) }
    }

    /// - Returns: the container's id.
    private func start(_ runtime: ContainerRuntime) async throws -> String {
        let bundle = try containers.containersFolder.bundle(bundle)
        let id = id ?? bundle.name
        // Held until the container runs: a migration into this bundle, or its removal, must not come between.
        let lock = try bundle.lock()
        defer { withExtendedLifetime(lock) {} }
        if try bundle.spec().process?.terminal == true {
            throw Failure(
                "bundle \(bundle.name) wants a terminal, which a container in the background has not: "
                    + "'bundletool config edit \(self.bundle) --terminal=false' turns it off")
        }
        if let taken = try await runtime.container(id) {
            throw Failure(
                "container \(id) is there already, \(taken.status), in \(taken.bundle): 'bundletool delete\(taken.isRunning ? " --force" : "") "
                    + "\(id)' removes it, '--id' chooses another id")
        }
        try await runtime.run(id: id, bundle: bundle.path, stdio: logOptions.stdio)
        return id
    }

    /// Shows what the container prints, until it ends.
    private func follow(_ id: String, _ runtime: ContainerRuntime) async throws -> ChildProcess.End? {
        let forwarding = try SignalForwarding(of: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]) { number in
            do {
                try await runtime.kill(id: id, signal: "\(number)")
            } catch {
                Console.warning("\(error)")
            }
        }
        defer { withExtendedLifetime(forwarding) {} }
        let record = try runtime.record(of: id)
        let reader = try LogReader(record)
        let printer = LogPrinter(showsTimes: false)
        return try await runtime.waitForEnd(of: record) { try printer.print(reader) }
    }

    func validate() throws {
        if attach, logOptions.noLog { throw ValidationError("--attach shows the log, which --no-log turns off") }
    }
}

/// What becomes of a container's output.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Begin another log file before one is larger than this.", valueName: "size"),
        transform: { text in
            guard let size = ByteSize(text)?.bytes, size >= LogLimits.smallestFile else {
                throw ValidationError("'\(text)' is no size of a log; write it as 64KiB (the least), 10MiB or 1GB")
            }
            return size
        })
    var logMaxSize = LogLimits().fileSize

    @Option(help: ArgumentHelp("Keep so many log files, the newest ones.", valueName: "number"))
    var logMaxFiles = LogLimits().files

    @Flag(help: "Keep no log and no exit status, and start no monitor: the output goes to /dev/null.")
    var noLog = false

    var stdio: ContainerStdio {
        noLog ? .null : .newMonitor(LogLimits(fileSize: logMaxSize, files: logMaxFiles))
    }

    func validate() throws {
        guard (1...10_000).contains(logMaxFiles) else { throw ValidationError("--log-max-files is from 1 to 10000") }
    }
}
