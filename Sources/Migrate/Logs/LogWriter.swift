internal import Glibc
internal import LinuxSystem

/// Writes what a container prints into its log files. Never fails: what a full disk does not take is dropped, and the
/// log says how much that was as soon as it can.
///
/// A file always ends with a whole line, whatever fails, and a whole line in it stays: whoever reads along is not
/// misled. Memory is bounded: one buffer, whatever comes.
final class LogWriter {
    private let folder: Descriptor
    private let limits: LogLimits
    private var number: Int
    private var file: Descriptor?
    private var size = 0

    private var buffer: [UInt8] = []
    private let capacity: Int

    /// What could not be written since the last line that was.
    private var dropped = (lines: 0, bytes: 0)
    private var reason: Int32 = 0

    /// Goes on with the folder's last file, if there is one.
    init(folder: Descriptor, limits: LogLimits) {
        self.folder = folder
        self.limits = limits
        let names = ((try? folder.names()) ?? []).map(\.description)
        number = LogFiles.numbers(in: names).last ?? 1
        capacity = min(64 << 10, limits.fileSize)
        buffer.reserveCapacity(capacity)
        try? openFile()
    }

    /// Adds what was read from a stream, and writes it.
    func write(_ bytes: UnsafeRawBufferPointer, from stream: LogStream) {
        let time = LogTime.now()
        let heads = [false, true].map { LogLine.head(time: time, stream, isComplete: $0) }
        var rest = bytes
        while !rest.isEmpty {
            let newline = rest.prefix(LogLine.longestText + 1).firstIndex(of: UInt8(ascii: "\n"))
            let count = newline.map { $0 - rest.startIndex } ?? min(rest.count, LogLine.longestText)
            if buffer.count + LogLine.headSize + count + 1 > capacity { flush(at: time) }
            buffer += heads[newline == nil ? 0 : 1]
            buffer += rest.prefix(count)
            buffer.append(UInt8(ascii: "\n"))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(newline == nil ? count : count + 1))
        }
        flush(at: time)
    }

    /// Says what was dropped, if the disk takes it by now.
    func finish() {
        tellDropped(at: LogTime.now())
    }

    private func flush(at time: [UInt8]) {
        if buffer.isEmpty { return }
        defer { buffer.removeAll(keepingCapacity: true) }
        let written = tellDropped(at: time) ? put(buffer) : 0
        var rest = buffer[written...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            // The text, and the newline where it is the container's.
            let isComplete = rest[rest.startIndex + LogLine.tagOffset] == UInt8(ascii: "F")
            dropped.lines += isComplete ? 1 : 0
            dropped.bytes += newline - rest.startIndex - LogLine.headSize + (isComplete ? 1 : 0)
            rest = rest[(newline + 1)...]
        }
    }

    /// - Returns: whether there is nothing untold.
    @discardableResult
    private func tellDropped(at time: [UInt8]) -> Bool {
        if dropped.bytes == 0 { return true }
        let text =
            "[bundletool: \(dropped.lines) lines, \(dropped.bytes) bytes of the container's output are missing here: "
            + "\(String(cString: strerror(reason)))]\n"
        let line = LogLine.head(time: time, .stderr, isComplete: true) + text.utf8
        guard put(line) == line.count else { return false }
        dropped = (0, 0)
        return true
    }

    /// Writes `bytes`, or as many whole lines of them as the disk takes.
    /// - Returns: how many bytes that were.
    private func put(_ bytes: [UInt8]) -> Int {
        do {
            if size > 0, size + bytes.count > limits.fileSize { try rotate() }
            if file == nil { try openFile() }
        } catch {
            reason = error.code
            return 0
        }
        guard let file else { return 0 }
        let before = size
        do {
            try file.write(all: bytes)
            size += bytes.count
        } catch {
            reason = error.code
            // A part of it may be there.
            size = (try? Self.wholeLines(of: file)) ?? before
        }
        return size - before
    }

    /// Makes room first: on a full disk that is what lets the log go on.
    private func rotate() throws(SystemError) {
        let numbers = LogFiles.numbers(in: try folder.names().map(\.description))
        for old in numbers.dropLast(limits.files - 1) {
            try? folder.remove(FileName(LogFiles.name(old)))
        }
        file = nil
        size = 0
        number += 1
        try openFile()
    }

    private func openFile() throws(SystemError) {
        let file = try Descriptor.open(
            LogFiles.name(number), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, mode: 0o600, in: folder)
        size = try Self.wholeLines(of: file)
        self.file = file
    }

    /// Cuts off a line that a killed writer has left unfinished.
    private static func wholeLines(of file: Descriptor) throws(SystemError) -> Int {
        let size = Int(try file.status().st_size)
        let start = max(0, size - 2 * LogLine.longestText)
        let tail = UnsafeMutableRawBufferPointer.allocate(byteCount: size - start, alignment: 1)
        defer { tail.deallocate() }
        let count = try file.readFully(into: tail, at: start)
        let whole = start + (tail[..<count].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
        if whole < size { try file.setSize(whole) }
        return whole
    }
}
