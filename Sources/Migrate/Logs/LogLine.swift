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
    /// Where the tag is.
    static let tagOffset = 38

    static func head(time: [UInt8], _ stream: LogStream, isComplete: Bool) -> [UInt8] {
        time + (stream == .stdout ? " stdout " : " stderr ").utf8 + (isComplete ? "F " : "P ").utf8
    }

    /// Reads a line without its newline; nil where it is none of ours.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.count >= Self.headSize,
            let stream = LogStream(rawValue: String(decoding: line[31..<37], as: UTF8.self)),
            line[30] == UInt8(ascii: " "), line[37] == UInt8(ascii: " "), line[39] == UInt8(ascii: " "),
            line[Self.tagOffset] == UInt8(ascii: "F") || line[Self.tagOffset] == UInt8(ascii: "P")
        else { return nil }
        time = Substring(decoding: line[..<30], as: UTF8.self)
        self.stream = stream
        isComplete = line[Self.tagOffset] == UInt8(ascii: "F")
        textStart = Self.headSize
    }
}
