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
            // crun gives each member a line of its own.
            let member = line.drop { $0 == " " }
            if member.hasPrefix("\"msg\":") {
                let object = "{\(member.last == "," ? member.dropLast() : member)}"
                if let message = try? JSONDecoder().decode(Line.self, from: Data(object.utf8)).msg {
                    return ("error", message)
                }
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

    /// What CRIU's errors mean and what to do, in a sentence; nil where they are none that we know.
    static func meaning(of log: String) -> String? {
        for line in log.split(separator: "\n") where line.contains("Error (") {
            for (words, meaning) in meanings where line.contains(words) { return meaning }
        }
        return nil
    }

    /// Parts of CRIU's lines, by file: what a dump or a restore stops at.
    private static let meanings: [(String, String)] = [
        (
            "External socket is used",
            "a process is connected to a Unix socket outside the container, and such a connection cannot be moved; "
                + "close it"
        ),
        ("anon_inode:[io_uring]", "a process uses io_uring, which CRIU does not carry"),
        ("anon_inode:[userfaultfd]", "a process uses userfaultfd, which CRIU does not carry"),
        ("anon_inode:[perf_event]", "a process has a performance counter open, which CRIU does not carry"),
        ("(/secretmem", "a process has secret memory (memfd_secret), which nobody else may read"),
        ("of that type [20", "a process has a device open that CRIU does not carry; close it"),
        ("of that type [60", "a process has a block device open, which CRIU does not carry; close it"),
        (
            "Can't lookup mount=",
            "a process has a file open that lies outside the container; use pipes or /dev/null, as 'bundletool run' does"
        ),
        (
            "Can't get rlimit",
            "a process belongs to another user, and root lacks CAP_SYS_RESOURCE here, which CRIU needs to read its limits"
        ),
        ("increase limit", "a file of more than 1 GiB is open and has no name any more; close it"),
        (
            "Net namespace is required to dump tun",
            "a process has a tun device open in the host's network; give the container a network namespace"
        ),
        ("Can't dump nested", "a process has made a namespace of its own, which CRIU does not dump; end it"),
        ("Timeout reached. Try to interrupt", "a process did not stop within CRIU's ten seconds; try again"),
        (
            "Can't turn TCP repair mode ON",
            "CRIU may not restore TCP connections in this network namespace; run the container without a user namespace"
        ),
        ("has bad size", "the destination's rootfs has other files than the container uses; '--rootfs sync' mends it"),
        ("has bad mode", "the destination's rootfs has other files than the container uses; '--rootfs sync' mends it"),
        (
            "has bad build-ID",
            "the destination's rootfs has other files than the container uses; '--rootfs sync' mends it"
        ),
        ("Can't open file ", "the destination's rootfs lacks a file that the container uses; '--rootfs sync' mends it"),
        ("Address already in use", "an address or port that the container uses is taken; end what has taken it"),
    ]
}
