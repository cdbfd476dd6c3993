internal import LinuxSystem

/// What a monitor is asked to do. One packet each: words with a zero byte between them, lists after their length.
enum MonitorRequest: Equatable {
    /// Start the container. Where the asker is gone before it has heard that it runs, `undo` is run.
    case run(arguments: [String], undo: [String])
    /// Start it again, from a dump.
    /// - environment: `NAME=value`, beside the monitor's own variables.
    case restore(arguments: [String], environment: [String])
    /// End the command that was asked for.
    case stop
    /// Read the output of a running container whose monitor was killed.
    case adopt(pid: Int32, pipes: [UInt64])
    /// From now on a SIGKILL of the container can be the end of a dump, not its own.
    case hold
    /// What was held is decided: it runs, or ended, or goes on elsewhere.
    case settle(isElsewhere: Bool)

    static let largest = 128 << 10

    var packet: [UInt8] {
        let words =
            switch self {
            case .run(let arguments, let undo): ["run"] + Self.list(arguments) + Self.list(undo)
            case .restore(let arguments, let environment): ["restore"] + Self.list(arguments) + Self.list(environment)
            case .stop: ["stop"]
            case .adopt(let pid, let pipes): ["adopt", "\(pid)"] + Self.list(pipes.map { "\($0)" })
            case .hold: ["hold"]
            case .settle(let isElsewhere): ["settle", isElsewhere ? "elsewhere" : "here"]
            }
        return Array(words.joined(separator: "\0").utf8)
    }

    init?(packet: [UInt8]) {
        var words = packet.split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }[...]
        switch words.popFirst() {
        case "run":
            guard let arguments = Self.list(&words), let undo = Self.list(&words) else { return nil }
            self = .run(arguments: arguments, undo: undo)
        case "restore":
            guard let arguments = Self.list(&words), let environment = Self.list(&words) else { return nil }
            self = .restore(arguments: arguments, environment: environment)
        case "stop": self = .stop
        case "adopt":
            guard let pid = words.popFirst().flatMap({ Int32($0) }), let pipes = Self.list(&words) else { return nil }
            self = .adopt(pid: pid, pipes: pipes.compactMap { UInt64($0) })
        case "hold": self = .hold
        case "settle": self = .settle(isElsewhere: words.popFirst() == "elsewhere")
        default: return nil
        }
    }

    private static func list(_ words: [String]) -> [String] { ["\(words.count)"] + words }

    private static func list(_ words: inout ArraySlice<String>) -> [String]? {
        guard let count = words.popFirst().flatMap({ Int($0) }), (0...words.count).contains(count) else { return nil }
        defer { words = words.dropFirst(count) }
        return Array(words.prefix(count))
    }
}

/// What a monitor answers.
enum MonitorReply: Equatable {
    /// It is ready, or has done what was asked.
    case done
    /// The runtime was started as this process.
    case started(pid: Int32)
    /// The runtime has ended; with `exited(0)` the container runs.
    case ended(ChildProcess.End)
    case failed(String)

    static let largest = 4 << 10

    var packet: [UInt8] {
        switch self {
        case .done: Array("done".utf8)
        case .started(let pid): Array("started \(pid)".utf8)
        case .ended(.exited(let code)): Array("exited \(code)".utf8)
        case .ended(.killed(let signal)): Array("killed \(signal)".utf8)
        case .failed(let text): Array("failed \(text)".utf8.prefix(Self.largest))
        }
    }

    init?(packet: [UInt8]) {
        let words = String(decoding: packet, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
        let number = words.count == 2 ? Int32(words[1]) : nil
        switch (words.first, number) {
        case ("done", _): self = .done
        case ("started", .some(let pid)): self = .started(pid: pid)
        case ("exited", .some(let code)): self = .ended(.exited(code))
        case ("killed", .some(let signal)): self = .ended(.killed(signal: signal))
        case ("failed", _): self = .failed(words.count == 2 ? words[1] : "")
        default: return nil
        }
    }
}
