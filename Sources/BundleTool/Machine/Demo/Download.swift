internal import Subprocess

/// What a client received, and when.
struct Packet: Sendable, Equatable {
    var text: String
    /// Seconds since the demo of one migration began.
    var time: Double
}

/// A download with curl, the client of the original experiment, line by line as it arrives.
struct Download: Sendable {
    /// What the server sends for one request.
    static let packetCount = 15

    private let url: String
    private let start: ContinuousClock.Instant
    private let log = ArrivalLog()

    /// - Parameter start: packets' times are counted from here.
    init(url: String, start: ContinuousClock.Instant) {
        self.url = url
        self.start = start
    }

    /// How many packets have arrived so far.
    var arrived: Int { log.packets.count }

    /// Downloads to the end.
    /// - Throws: where curl fails, or where a packet is missing, double or out of order.
    func run() async throws -> [Packet] {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: false, allowedDurationToNextStep: .seconds(1))
        ]
        let result = try await Subprocess.run(
            .name("curl"), arguments: ["--silent", "--show-error", "--no-buffer", url],
            platformOptions: options, input: .none, output: .sequence, error: .string(limit: 1 << 16)
        ) { [log, start] execution in
            for try await line in execution.standardOutput.strings() {
                log.add(Packet(text: line.filter { !$0.isNewline }, time: (.now - start) / .seconds(1)))
            }
        }
        guard result.terminationStatus.isSuccess else {
            throw DemoError("curl lost its connection: \(result.standardError)")
        }
        let packets = log.packets
        let numbers = packets.map { Int($0.text.prefix { $0 != "]" }.split(separator: ".").last ?? "") }
        guard numbers == (1...Self.packetCount).map({ $0 }) else {
            throw DemoError("curl received \(packets.count) packets, not packets 1 to \(Self.packetCount) in order")
        }
        return packets
    }
}

/// The demo did not show what it is there to show.
struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
