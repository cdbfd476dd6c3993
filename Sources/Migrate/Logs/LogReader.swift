internal import Glibc
internal import LinuxSystem

/// Reads a container's log, file after file, also while it grows.
package final class LogReader {
    /// A piece of a stream's output: a line, or a part of one.
    package struct Entry {
        /// RFC 3339.
        package var time: Substring
        package var stream: LogStream
        package var text: UnsafeRawBufferPointer
        /// Whether the line ends here.
        package var isComplete: Bool
    }

    private let folder: Descriptor
    private let since: String
    private var number: Int
    private var file: LogFileReader?
    /// Ends of lines that are still to be passed over.
    private var toSkip = 0

    /// - Parameters:
    ///   - tail: how many lines before the end to begin; nil is all that there is.
    ///   - since: a time as log files have it; what is older is left out.
    /// - Throws: `.wrongState` where the container has no log.
    package init(_ record: ContainerRecord, tail: Int? = nil, since: String? = nil) throws {
        do {
            folder = try record.open()
            self.since = since ?? ""
            number = LogFiles.numbers(in: try folder.names().map(\.description)).first ?? 1
            if let tail { try seek(tail: tail) }
        } catch {
            guard let error = error as? SystemError, error.isMissing else { throw error }
            throw MigrateError(
                .wrongState,
                "there is no log of container \(record.id): 'bundletool run' starts containers with one")
        }
    }

    /// Reads what is there, and does not wait for more.
    /// - Parameter onGap: called where files were removed before they could be read.
    package func read(onGap: () -> Void = {}, _ body: (Entry) throws -> Void) throws {
        while true {
            // Looked for first: what is in the old file after that is all of it.
            let next = try nextNumber()
            if file == nil { file = try? LogFileReader(folder, number) }
            try file?.read { line in
                guard let entry = Self.entry(line), entry.time >= since else { return }
                if toSkip > 0 {
                    if entry.isComplete { toSkip -= 1 }
                    return
                }
                try body(entry)
            }
            guard let next else { return }
            if next > number + 1 || file == nil { onGap() }
            number = next
            file = nil
        }
    }

    private func nextNumber() throws -> Int? {
        LogFiles.numbers(in: try folder.names().map(\.description)).first { $0 > number }
    }

    /// Finds the file in which the last `tail` lines begin, and how many of its lines come before them.
    private func seek(tail: Int) throws {
        var lines = 0
        for candidate in LogFiles.numbers(in: try folder.names().map(\.description)).reversed() {
            guard let file = try? LogFileReader(folder, candidate) else { break }
            try file.read { line in
                if let entry = Self.entry(line), entry.isComplete, entry.time >= since { lines += 1 }
            }
            number = candidate
            if lines >= tail { break }
        }
        toSkip = max(0, lines - tail)
    }

    private static func entry(_ line: UnsafeRawBufferPointer) -> Entry? {
        LogLine(line).map { parsed in
            Entry(
                time: parsed.time, stream: parsed.stream,
                text: UnsafeRawBufferPointer(rebasing: line[parsed.textStart...]), isComplete: parsed.isComplete)
        }
    }
}

/// The whole lines of one file.
private final class LogFileReader {
    private let file: Descriptor
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    /// Where the next line begins. What comes after the last whole line is not to be relied on: on a full disk the
    /// writer takes the beginning of a line back.
    private var offset = 0

    init(_ folder: Descriptor, _ number: Int) throws(SystemError) {
        file = try Descriptor.open(LogFiles.name(number), O_RDONLY | O_NOFOLLOW, in: folder)
    }

    deinit { buffer.deallocate() }

    /// Up to the end that the file has now; a line that has no newline yet is for the next time.
    func read(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while true {
            let count = try file.read(into: buffer, at: offset)
            var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                try body(UnsafeRawBufferPointer(rebasing: rest[..<newline]))
                rest = UnsafeRawBufferPointer(rebasing: rest[(newline + 1)...])
            }
            // Longer than any line of ours: not a log of ours.
            if rest.count == buffer.count { rest = UnsafeRawBufferPointer(rebasing: rest[rest.count...]) }
            if rest.count == count { return }
            offset += count - rest.count
        }
    }
}
