/// How large a container's log becomes.
package struct LogLimits: Sendable, Equatable {
    /// Bytes of one file; another one is begun before it is exceeded.
    package var fileSize: Int
    /// How many files are kept, the one that is written included.
    package var files: Int

    /// The least for `fileSize`: a few of the longest lines.
    package static let smallestFile = 64 << 10

    package init(fileSize: Int = 10 << 20, files: Int = 3) {
        self.fileSize = max(fileSize, Self.smallestFile)
        self.files = max(files, 1)
    }
}

/// The names of a log's files: `1.log`, `2.log`, …; the highest number is the one that is written.
///
/// A file keeps its name until it is removed: who reads it need not notice when the next one is begun.
enum LogFiles {
    static func name(_ number: Int) -> String { "\(number).log" }

    static func number(of name: String) -> Int? {
        guard name.hasSuffix(".log"), let number = Int(name.dropLast(4)), number > 0, self.name(number) == name
        else { return nil }
        return number
    }

    static func numbers(in names: [String]) -> [Int] { names.compactMap(number).sorted() }
}
