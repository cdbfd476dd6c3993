import Glibc
import LinuxSystem
import Subprocess
import Synchronization
import SystemPackage

/// A program that runs beside a test. What it prints can be read while it runs; it ends with its last reference.
package final class RunningProgram: Sendable {
    package let pid: Int32
    private let folder: TemporaryFolder
    private let task: Task<Int32, any Error>
    private let hasEnded: EndMark

    private final class EndMark: Sendable {
        let value = Mutex(false)
    }

    private init(pid: Int32, folder: TemporaryFolder, task: Task<Int32, any Error>, hasEnded: EndMark) {
        self.pid = pid
        self.folder = folder
        self.task = task
        self.hasEnded = hasEnded
    }

    deinit { signal(SIGKILL) }

    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`.
    ///   - environment: changes to this process's; nil removes a variable.
    ///   - workingFolder: nil is this process's.
    package static func start(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], in workingFolder: String? = nil
    ) async throws -> RunningProgram {
        let folder = try TemporaryFolder()
        let output = try FileDescriptor.open(
            "\(folder.path)/output", .writeOnly, options: .create, permissions: .ownerReadWrite)
        let errors = try FileDescriptor.open(
            "\(folder.path)/errors", .writeOnly, options: .create, permissions: .ownerReadWrite)
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let changes = Dictionary(
            uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        let hasEnded = EndMark()
        let (started, announce) = AsyncThrowingStream<Int32, any Error>.makeStream()
        let task = Task<Int32, any Error> {
            defer { hasEnded.value.withLock { $0 = true } }
            do {
                let result = try await Subprocess.run(
                    executable, arguments: Arguments(arguments), environment: .inherit.updating(changes),
                    workingDirectory: workingFolder.map { FilePath($0) }, input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                    error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
                ) { execution in
                    announce.yield(execution.processIdentifier.value)
                }
                return switch result.terminationStatus {
                case .exited(let code): code
                case .signaled(let signal): 128 + signal
                }
            } catch {
                announce.finish(throwing: error)
                throw error
            }
        }
        for try await pid in started {
            return RunningProgram(pid: pid, folder: folder, task: task, hasEnded: hasEnded)
        }
        throw CancellationError()
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], in workingFolder: String? = nil
    ) async throws -> Tool.Outcome {
        try await start(program, arguments, environment: environment, in: workingFolder).outcome()
    }

    /// What it has printed so far.
    package var output: String { Files.text(of: "\(folder.path)/output") ?? "" }
    /// What it has printed to standard error so far.
    package var errors: String { Files.text(of: "\(folder.path)/errors") ?? "" }

    /// Sends a signal, unless the program has ended: its number may be somebody else's by then.
    package func signal(_ number: Int32) {
        hasEnded.value.withLock { if !$0 { _ = kill(pid, number) } }
    }

    /// How it ended; waits for that. A test that is out of time ends it.
    package func outcome() async throws -> Tool.Outcome {
        let status = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            signal(SIGKILL)
        }
        return Tool.Outcome(status: status, output: output, errors: errors)
    }
}

/// Waits until `condition` holds.
/// - Throws: after a minute, with what was waited for.
package func wait(for what: String, until condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw WaitedInVain(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}

private struct WaitedInVain: Error, CustomStringConvertible {
    let what: String
    var description: String { "waited a minute in vain for \(what)" }
}
