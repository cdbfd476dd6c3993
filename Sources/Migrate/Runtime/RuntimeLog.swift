internal import FoundationEssentials

/// What runtimes and CRIU say about a failure, cut down to what a user needs.
enum RuntimeLog {
    private struct Line: Decodable {
        var level: String?
        var msg: String?
    }

    /// The last error in a runtime's output: JSON lines, logfmt (`level=error msg="…"`) or plain text.
    static func lastMessage(of text: String) -> String? {
        let lines = text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        let messages = lines.map { line -> (level: String?, text: String) in
            if line.hasPrefix("{"), let parsed = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let message = parsed.msg
            {
                return (parsed.level, message)
            }
            if let start = line.firstRange(of: "msg=\"") {
                let level = line.firstRange(of: "level=").map { String(line[$0.upperBound...].prefix { $0 != " " }) }
                return (level, String(line[start.upperBound...].dropLast()).replacing("\\\"", with: "\""))
            }
            return (nil, String(line))
        }
        return (messages.last { $0.level == "error" || $0.level == "fatal" } ?? messages.last)?.text
    }

    /// What CRIU says in every run, or after every failure: no reasons.
    private static let commonplaces = [
        "Can't setup RLIMIT_NOFILE", "Restoring FAILED", "Dumping FAILED", "cgroupd: recv req error",
    ]

    /// The last lines that CRIU marks as errors, without their time stamps.
    static func criuErrors(of log: String, count: Int = 3) -> String? {
        let errors = log.split(separator: "\n").filter { line in
            line.contains("Error (") && !commonplaces.contains { line.contains($0) }
        }
        guard !errors.isEmpty else { return nil }
        return errors.suffix(count).map { line in
            String(line.firstRange(of: "Error (").map { line[$0.lowerBound...] } ?? line)
        }.joined(separator: " | ")
    }
}
