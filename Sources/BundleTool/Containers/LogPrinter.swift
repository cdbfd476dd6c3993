import Glibc
import LinuxSystem
import Migrate

/// Writes a container's output to where it belongs: its standard output to ours, its standard error to ours.
final class LogPrinter {
    private let showsTimes: Bool
    private var buffer: [UInt8] = []
    private var stream = LogStream.stdout
    /// Whether the stream's last line goes on.
    private var isOpen: [LogStream: Bool] = [:]

    init(showsTimes: Bool) {
        self.showsTimes = showsTimes
    }

    func add(_ entry: LogReader.Entry) throws {
        if entry.stream != stream || buffer.count > 64 << 10 { try flush() }
        stream = entry.stream
        if showsTimes, isOpen[stream] != true { buffer += Array("\(entry.time) ".utf8) }
        buffer += entry.text
        if entry.isComplete { buffer.append(UInt8(ascii: "\n")) }
        isOpen[stream] = !entry.isComplete
    }

    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        try StandardStreams.write(buffer, to: stream == .stdout ? STDOUT_FILENO : STDERR_FILENO)
    }

    func print(_ reader: LogReader) throws {
        try reader.read(onGap: { Console.warning("lines are missing here: the log has grown faster than it was read") })
        {
            try add($0)
        }
        try flush()
    }
}

extension ContainerRuntime {
    /// Waits until a container has ended for good; a move is no end.
    /// - Parameter look: called every moment, for the last time when all that it has printed is in its log.
    /// - Returns: how it has ended, where that is known.
    func waitForEnd(
        of record: ContainerRecord, look: () throws -> Void = {}
    ) async throws -> ChildProcess.End? {
        while true {
            // Before the look: what is in the log after that is all of it.
            let state = record.state
            try look()
            guard let state, state.status == .running || state.status == .moving else { return state?.end }
            // Twice the same without a monitor: nothing has happened between the two looks.
            if state.status == .running, !record.isMonitored, try await !revive(record), record.state == state,
                !record.isMonitored
            {
                return nil
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// - Returns: whether the container has a monitor again.
    private func revive(_ record: ContainerRecord) async throws -> Bool {
        guard let container = try await container(record.id), container.isRunning || container.status == "paused"
        else { return false }
        return try await monitor(of: container) != nil
    }
}
