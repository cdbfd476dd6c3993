internal import Glibc

/// Which of a container's two outputs.
package enum LogStream: String, Sendable, Hashable, CaseIterable {
    case stdout
    case stderr
}

/// A line of a log file, as the Kubernetes CRI has it: `TIME STREAM TAG TEXT`, with the tag `F` where the container has
/// ended the line and `P` where it goes on in the stream's next one.
struct LogLine: Equatable {
    /// RFC 3339, UTC, nanoseconds: sorts by time.
    var time: Substring
    var stream: LogStream
    var isComplete: Bool
    /// Where the text begins.
    var textStart: Int

    /// The most bytes of text in one line of the file; what is longer is cut into several.
    static let longestText = 16 << 10
    /// All before the text: a time has 30 bytes, the rest is fixed.
    static let headSize = 30 + 1 + 6 + 3

    static func head(time: [UInt8], _ stream: LogStream, isComplete: Bool) -> [UInt8] {
        time + (stream == .stdout ? " stdout " : " stderr ").utf8 + (isComplete ? "F " : "P ").utf8
    }

    /// Reads a line without its newline; nil where it is none of ours.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.count >= Self.headSize,
            let stream = LogStream(rawValue: String(decoding: line[31..<37], as: UTF8.self)),
            line[30] == UInt8(ascii: " "), line[37] == UInt8(ascii: " "), line[39] == UInt8(ascii: " "),
            line[38] == UInt8(ascii: "F") || line[38] == UInt8(ascii: "P")
        else { return nil }
        time = Substring(decoding: line[..<30], as: UTF8.self)
        self.stream = stream
        isComplete = line[38] == UInt8(ascii: "F")
        textStart = Self.headSize
    }
}

/// Times as log files have them.
package enum LogTime {
    /// Now, as `2026-11-24T05:34:14.123456789Z`.
    static func now() -> [UInt8] {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return bytes(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    package static func text(seconds: Int, nanoseconds: Int = 0) -> String {
        String(decoding: bytes(seconds: seconds, nanoseconds: nanoseconds), as: UTF8.self)
    }

    private static func bytes(seconds: Int, nanoseconds: Int) -> [UInt8] {
        var broken = tm()
        var seconds = seconds
        gmtime_r(&seconds, &broken)
        var text: [UInt8] = []
        text.reserveCapacity(30)
        func add(_ number: Int, digits: Int, then end: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: end))
        }
        add(Int(broken.tm_year) + 1900, digits: 4, then: "-")
        add(Int(broken.tm_mon) + 1, digits: 2, then: "-")
        add(Int(broken.tm_mday), digits: 2, then: "T")
        add(Int(broken.tm_hour), digits: 2, then: ":")
        add(Int(broken.tm_min), digits: 2, then: ":")
        add(Int(broken.tm_sec), digits: 2, then: ".")
        add(nanoseconds, digits: 9, then: "Z")
        return text
    }
}
