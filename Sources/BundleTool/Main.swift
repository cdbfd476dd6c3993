import ArgumentParser
import Glibc
import LinuxSystem
import Migrate

/// Where the process starts. Not asynchronous itself: the threads of the concurrency runtime, and the end of the main
/// thread that it brings, cost more time than a command such as `config generate` needs altogether.
@main
enum Program {
    static func main() {
        // A reader that goes away (`bundletool list | head -1`) is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Whoever starts this from a thread that takes no signals hands that down; then SIGTERM would wait for ever.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Needs a process with a single thread.
        if arguments.first == PageKeeper.word { PageKeeper.run(Array(arguments.dropFirst())) }
        // Before the parser and all that it brings into memory: this one stays as long as its container.
        if arguments.first == Monitor.command { exit(Monitor.main(arguments)) }
        exit(BundleTool.run(arguments: arguments))
    }
}

/// `bundletool`: parses, delegates to the libraries, prints. Exit status 0: done; 1: failed; 2: wrong usage.
struct BundleTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundletool",
        abstract: "Make OCI bundles from images, run them, and move them while they run.",
        version: "0.1.0",
        // For the tool itself.
        subcommands: [RemoveFolderCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Bundles:",
                subcommands: [
                    CreateCommand.self, CloneCommand.self, ExportCommand.self, ImageCommand.self, ConfigCommand.self,
                    ValidateCommand.self,
                ]),
            CommandGroup(
                name: "Containers:",
                subcommands: [
                    RunCommand.self, ListCommand.self, LogsCommand.self, WaitCommand.self, MigrateCommand.self,
                    ReceiveCommand.self, RecoverCommand.self, InspectCheckpointCommand.self, KillCommand.self,
                    DeleteCommand.self,
                ]),
            CommandGroup(name: "This machine:", subcommands: [DoctorCommand.self, DemoCommand.self]),
        ])

    /// Runs one command and returns the exit status, after at most one `error:` line. Blocks.
    static func run(arguments: [String]) -> Int32 {
        if let plain = PlainCommandLine(arguments) { return finish { try plain.run() } }
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(GoStyleFlags.rewritten(arguments))
        } catch {
            return report(usage: error)
        }
        guard let asynchronous = command as? any AsyncParsableCommand else { return finish { try command.run() } }
        // It is handed over: nobody else has it.
        nonisolated(unsafe) let handed = asynchronous
        return finish {
            try blocking {
                var command = handed
                try await command.run()
            }
        }
    }

    private static func finish(_ work: () throws -> Void) -> Int32 {
        do {
            try work()
            return flushed()
        } catch let code as ExitCode {
            return code.rawValue
        } catch  where exitCode(for: error) == .success || error is ValidationError {
            return report(usage: error)
        } catch {
            Console.error(error)
            return 1
        }
    }

    /// What was printed has to have arrived: a report that fell short on a full disk is a failure.
    private static func flushed() -> Int32 {
        let failed = fflush(nil) != 0
        // A reader that has seen enough is none.
        if !failed || errno == EPIPE { return 0 }
        Console.error(SystemError.last("write to", "standard output"))
        return 1
    }

    /// Help and version are answers; everything else that the parser says becomes our one line.
    private static func report(usage error: any Error) -> Int32 {
        if exitCode(for: error) == .success {
            print(fullMessage(for: error))
            return 0
        }
        let usage = fullMessage(for: error).split(separator: "\n").first { $0.hasPrefix("Usage: ") }
        let words = usage?.dropFirst("Usage: ".count).split(separator: " ").prefix { !"<[-(".contains($0.first!) }
        let name = words.map { $0.joined(separator: " ") } ?? "bundletool"
        Console.error("\(message(for: error)) (see '\(name) --help')")
        return 2
    }
}
