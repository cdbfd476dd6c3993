internal import Glibc
internal import LinuxSystem
internal import Subprocess
internal import SystemPackage

/// A receiver that is a process of its own, started by a shell command: its stdin and stdout are the link.
final class ReceiverConnection: Sendable {
    let link: Link
    /// What the command said on stderr, when it has ended.
    private let process: Task<String, Never>

    /// - Parameters:
    ///   - command: for `/bin/sh`, as `ssh host bundletool receive`.
    ///   - rate: limits what is sent.
    ///   - patience: how long the other end may keep silent.
    init(command: String, rate: Rate?, patience: Duration) throws {
        let (here, there) = try Descriptor.socketPair()
        link = Link(input: here, output: here, rate: rate, patience: patience)
        process = Task.detached {
            defer { withExtendedLifetime(there) {} }
            var options = PlatformOptions()
            // A Ctrl-C on the terminal is ours to handle.
            options.createSession = true
            options.teardownSequence = [
                .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(3)),
                .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1)),
            ]
            let stream = FileDescriptor(rawValue: there.raw)
            do {
                let result = try await Subprocess.run(
                    .path("/bin/sh"), arguments: ["-c", command], platformOptions: options,
                    input: .fileDescriptor(stream, closeAfterSpawningProcess: false),
                    output: .fileDescriptor(stream, closeAfterSpawningProcess: false),
                    error: .string(limit: 1 << 20))
                return result.standardError
            } catch {
                return "\(error)"
            }
        }
    }

    /// Ends the connection and, where it does not end by itself, the command.
    /// - Returns: the last line that the command has said on stderr, or nil.
    @discardableResult
    func close() async -> String? {
        link.shutDown()
        let patience = Task {
            try await Task.sleep(for: .seconds(10))
            process.cancel()
        }
        defer { patience.cancel() }
        return await process.value.split(separator: "\n").last.map(String.init)
    }
}
