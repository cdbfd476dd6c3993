internal import FoundationEssentials
package import LinuxSystem

/// What a monitor knows of its container, as it keeps it on disk (`state.json`).
package struct MonitorState: Codable, Sendable, Equatable {
    package enum Status: String, Codable, Sendable {
        case running
        /// Ended by a dump; it is to be started again from there.
        case moving
        /// It goes on under another monitor.
        case moved
        case exited
    }

    var version = 1
    package var status = Status.running
    /// The container's init process, while it runs.
    package var container: Int32?
    package var monitor: Int32
    /// The inodes of the pipes behind standard output and standard error.
    var pipes: [UInt64] = []
    var maxFileSize: Int
    var maxFiles: Int
    /// How the container ended, where that is known.
    package var exitCode: Int32?
    package var signal: Int32?
    /// When it ended.
    package var finished: String?

    package var end: ChildProcess.End? {
        exitCode.map { .exited($0) } ?? signal.map { .killed(signal: $0) }
    }

    var limits: LogLimits { LogLimits(fileSize: maxFileSize, files: maxFiles) }

    init(monitor: Int32, limits: LogLimits) {
        self.monitor = monitor
        maxFileSize = limits.fileSize
        maxFiles = limits.files
    }

    mutating func setEnd(_ end: ChildProcess.End?) {
        status = .exited
        container = nil
        pipes = []
        switch end {
        case .exited(let code): exitCode = code
        case .killed(let number): signal = number
        case nil: break
        }
        finished = String(decoding: LogTime.now(), as: UTF8.self)
    }

    /// As JSON, by hand: the monitor stays in memory as long as its container, and an encoder would stay with it.
    var json: [UInt8] {
        var fields = ["\"version\": \(version)", "\"status\": \"\(status.rawValue)\"", "\"monitor\": \(monitor)"]
        if let container { fields.append("\"container\": \(container)") }
        fields.append("\"pipes\": [\(pipes.map { "\($0)" }.joined(separator: ", "))]")
        fields.append("\"maxFileSize\": \(maxFileSize)")
        fields.append("\"maxFiles\": \(maxFiles)")
        if let exitCode { fields.append("\"exitCode\": \(exitCode)") }
        if let signal { fields.append("\"signal\": \(signal)") }
        if let finished { fields.append("\"finished\": \"\(finished)\"") }
        return Array("{\(fields.joined(separator: ", "))}\n".utf8)
    }

    init?(json: [UInt8]) {
        guard let state = try? JSONDecoder().decode(Self.self, from: Data(json)), state.version == 1 else { return nil }
        self = state
    }
}
