internal import Glibc
internal import LinuxSystem
internal import Subprocess
internal import SystemPackage

/// Runs other programs: runtimes, CRIU.
struct Tool: Sendable {
    /// How a program ended, and what it said.
    struct Outcome: Sendable {
        var succeeded: Bool
        var status: String
        var output: String
        var errors: String
    }

    /// Where a program's output goes.
    enum Output: Sendable {
        case captured
        /// `/dev/null`: for a program whose children inherit its stdio and live on.
        case discarded
    }

    private static let outputLimit = 16 << 20

    let path: String
    /// Put in front of `PATH`, so that a runtime finds the CRIU that was chosen.
    var searchFirst: String?
    /// Variables that are set besides the inherited ones.
    var environment: [String: String] = [:]
    /// nil is our own.
    var workingFolder: String?

    /// Runs the program to its end, in a session of its own: a Ctrl-C on the terminal is ours to handle, not its.
    /// - Throws: `MigrateError` where it cannot be started; an unsuccessful end is an `Outcome`.
    /// - Parameter timeout: how long it may take; it is ended then, and all that it has started in its session.
    func run(
        _ arguments: [String], output: Output = .captured, timeout: Duration? = nil
    ) async throws -> Outcome {
        guard let timeout else { return try await runToEnd(arguments, output) }
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask { try await runToEnd(arguments, output) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            // Only when it is gone is it safe to go on.
            _ = try? await group.next()
            throw MigrateError(
                .toolFailed, "\(path) did not end within \(timeout) and was stopped (--timeout)")
        }
    }

    /// All that differs from the inherited variables.
    var variables: [String: String] {
        guard let searchFirst else { return environment }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        return environment.merging(["PATH": "\(searchFirst):\(path)"]) { _, new in new }
    }

    private func runToEnd(_ arguments: [String], _ output: Output) async throws -> Outcome {
        let environment = Environment.inherit.updating(
            Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(3)),
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
        ]
        do {
            switch output {
            case .captured:
                let result = try await Subprocess.run(
                    .path(FilePath(path)), arguments: Arguments(arguments), environment: environment,
                    workingDirectory: workingFolder.map { FilePath($0) }, platformOptions: options, input: .none,
                    output: .string(limit: Self.outputLimit),
                    error: .string(limit: Self.outputLimit))
                return Outcome(
                    succeeded: result.terminationStatus.isSuccess, status: "\(result.terminationStatus)",
                    output: result.standardOutput, errors: result.standardError)
            case .discarded:
                let result = try await Subprocess.run(
                    .path(FilePath(path)), arguments: Arguments(arguments), environment: environment,
                    workingDirectory: workingFolder.map { FilePath($0) }, platformOptions: options, input: .none,
                    output: .discarded, error: .discarded)
                return Outcome(
                    succeeded: result.terminationStatus.isSuccess, status: "\(result.terminationStatus)",
                    output: "", errors: "")
            }
        } catch {
            throw MigrateError(.toolFailed, "cannot run \(path)", cause: error)
        }
    }

    /// The program `name` in `PATH`, or nil.
    static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        // Administrators' folders are not in every user's PATH.
        return (path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }.first(where: Files.isExecutable)
    }
}
