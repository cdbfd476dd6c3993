import Migrate

/// One migration of the demo, as its client and as the migrator saw it.
struct DemoRun: Sendable {
    var precopy: Bool
    var bandwidth: String
    var packets: [Packet]
    /// The longest time without a tick, in seconds since the run began.
    var silence: TickProbe.Silence
    /// When the migration began and ended, in seconds since the run began.
    var migration: ClosedRange<Double>
    var report: MigrationReport

    var mode: String { precopy ? "--predump" : "stop-and-copy" }
    var title: String { "\(precopy ? "with --predump" : "stop-and-copy"), \(bandwidth)" }

    /// The packets as the client printed them, the silence between two of them marked.
    var timeline: String {
        var lines: [String] = []
        for (index, packet) in packets.enumerated() {
            if index > 0 {
                let wait = packet.time - packets[index - 1].time
                let middle = silence.start + silence.length / 2
                let moved = packets[index - 1].time <= middle && middle < packet.time
                if moved {
                    let extra = wait > 1.5 ? ", the next packet is \(Output.seconds(wait - 1)) late" : ""
                    lines.append(
                        "        ··· \(Output.seconds(silence.length)) of silence while the container moved\(extra)")
                }
            }
            lines.append("  \(packet.text)")
        }
        return lines.joined(separator: "\n")
    }

    /// What a program would want of it.
    struct Summary: Encodable {
        var mode: String
        var bandwidth: String
        /// Seconds without a tick, as the client saw it.
        var clientGap: Double
        /// When each packet arrived, in seconds since the run began.
        var packets: [Double]
        var migration: MigrationReport
    }

    var summary: Summary {
        Summary(
            mode: precopy ? "predump" : "stop-and-copy", bandwidth: bandwidth, clientGap: silence.length,
            packets: packets.map(\.time), migration: report)
    }

    /// The table of several runs.
    static func table(_ runs: [DemoRun]) -> String {
        let header = ["MODE", "BANDWIDTH", "CLIENT GAP", "FROZEN", "CROSSED", "OF IT FROZEN", "ROUNDS"]
        return Output.table(
            [header]
                + runs.map { run in
                    [
                        run.mode, run.bandwidth, Output.seconds(run.silence.length),
                        Output.seconds(run.report.frozenSeconds),
                        "\(ByteCount(run.report.bytes))", "\(ByteCount(run.report.frozenBytes))",
                        "\(run.report.rounds.count)",
                    ]
                })
    }
}
