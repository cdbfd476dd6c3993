import FoundationEssentials
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

@Suite struct LogWriterTests {
    private let temporary: TemporaryFolder
    private let record: ContainerRecord

    init() throws {
        temporary = try TemporaryFolder()
        record = try ContainerRecord(id: "log", logsFolder: temporary.path)
        try Files.makeFolder(record.path)
    }

    private func writer(_ limits: LogLimits = LogLimits()) throws -> LogWriter {
        LogWriter(folder: try record.open(), limits: limits)
    }

    /// The bytes of one stream, as a reader puts them together again.
    private func text(of stream: LogStream = .stdout) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try LogReader(record).read { entry in
            guard entry.stream == stream else { return }
            bytes += entry.text
            if entry.isComplete { bytes.append(UInt8(ascii: "\n")) }
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to writer: LogWriter, from stream: LogStream = .stdout) {
        bytes.withUnsafeBytes { writer.write($0, from: stream) }
    }

    @Test("every byte value and lines of any length come back, however they were cut")
    func bytes() throws {
        let longest = LogLine.longestText
        var whole: [UInt8] = (0...255).flatMap { [UInt8](repeating: $0, count: 3) } + Array("\n\n\nend of line\n".utf8)
        for length in [longest - 1, longest, longest + 1, 5 * longest + 7] {
            whole += [UInt8](repeating: UInt8(length % 251), count: length) + [UInt8(ascii: "\n")]
        }
        let writer = try writer()
        var rest = whole[...]
        for size in sequence(first: 1, next: { $0 < 40_000 ? $0 * 3 : 1 }) where !rest.isEmpty {
            Self.write(Array(rest.prefix(size)), to: writer)
            rest = rest.dropFirst(size)
            if rest.isEmpty { break }
        }
        #expect(try text() == whole)
        #expect(try text(of: .stderr) == [])
    }

    @Test("no file is larger than its limit, as many stay as are wanted, and another writer goes on")
    func rotation() throws {
        let limits = LogLimits(fileSize: LogLimits.smallestFile, files: 3)
        let lines = (0..<9000).map { Array("line \($0)\n".utf8) }
        let first = try writer(limits)
        for line in lines[..<4000] { Self.write(line, to: first) }
        let second = try writer(limits)
        Self.write(Array(lines[4000...].joined()), to: second)

        let names = try Files.names(in: record.path)
        #expect(names.count == 3 && !names.contains("1.log"))
        for name in names {
            let contents = try Files.contents(of: "\(record.path)/\(name)")
            #expect(contents.count <= LogLimits.smallestFile && contents.last == UInt8(ascii: "\n"))
        }
        let kept = try text()
        #expect(kept.count > LogLimits.smallestFile / 5)
        #expect(Array(lines.joined()).suffix(kept.count).elementsEqual(kept))
    }

    @Test("a line that a killed writer has left unfinished is cut off")
    func unfinished() throws {
        Self.write(Array("whole\n".utf8), to: try writer())
        let file = try Descriptor.open("\(record.path)/1.log", O_WRONLY | O_APPEND)
        try file.write(all: Array("2026-11-24T05:34:14.123456789Z stdout F ha".utf8))
        Self.write(Array("next\n".utf8), to: try writer())
        #expect(try text() == Array("whole\nnext\n".utf8))
    }

    @Test("a full disk, freed and filled again: what is missing is counted, to the line", .requiresRoot)
    func fullDisk() async throws {
        let disk = try await TemporaryMount.tmpfs(megabytes: 1)
        let record = try ContainerRecord(id: "log", logsFolder: disk.path)
        try Files.makeFolder(record.path)
        let filler = "\(disk.path)/filler"
        let writer = LogWriter(folder: try record.open(), limits: LogLimits())
        var numbers = 0..<0
        // Whoever reads along sees each line once, also of those that the disk has taken half.
        let follower = try LogReader(record)
        var expected = 0
        var gaps = 0
        func follow() throws {
            try follower.read { entry in
                let line = String(decoding: entry.text, as: UTF8.self)
                if entry.stream == .stdout {
                    #expect(Int(line.prefix { $0 != " " }) == expected)
                    expected += 1
                } else {
                    let counts = line.split(separator: " ").compactMap { Int($0) }
                    try #require(
                        counts.count == 2 && line.contains("missing here: No space left on device"), "\(line)")
                    let missing = (expected..<(expected + counts[0])).map { Self.line($0).count }
                    #expect(counts[1] == missing.reduce(0, +))
                    expected += counts[0]
                    gaps += 1
                }
            }
        }
        for _ in 0..<3 {
            // All but 64 KiB.
            try await Tool.shell("head -c 2M /dev/zero >'\(filler)' 2>&- || truncate -s -64K '\(filler)'")
            for size in [1, 7, 900, 20, 3000, 5, 400] {
                numbers = numbers.upperBound..<(numbers.upperBound + size)
                Self.write(Array(numbers.map(Self.line).joined()), to: writer)
                try follow()
            }
            unlink(filler)
            numbers = numbers.upperBound..<(numbers.upperBound + 1)
            Self.write(Self.line(numbers.lowerBound), to: writer)
            try follow()
            #expect(expected == numbers.upperBound)
        }
        #expect(gaps >= 3)
    }

    private static func line(_ number: Int) -> [UInt8] {
        Array("\(number) \(String(repeating: "x", count: number % 150))\n".utf8)
    }

    @Test(
        "a time as a user writes it, to the nanosecond",
        arguments: [
            ("2026-11-24T05:34:14.123456789Z", "2026-11-24T05:34:14.123456789Z"),
            ("2026-11-24T05:34:14.9Z", "2026-11-24T05:34:14.900000000Z"),
            ("2026-11-24T05:34:14Z", "2026-11-24T05:34:14.000000000Z"),
            ("2026-11-24T05:34:14.000000001+01:00", "2026-11-24T04:34:14.000000001Z"),
            ("2026-11-24", "2026-11-24T00:00:00.000000000Z"),
            ("90s", "1970-01-11T13:45:10.000000000Z"),
            ("1.5h", "1970-01-11T12:16:40.000000000Z"),
            ("", nil), ("yesterday", nil), ("-1s", nil), ("nans", nil), ("infd", nil), ("1e300d", nil),
            ("2026-11-24T05:34:14.Z", nil), ("2026-11-24T05:34:14.1234567890Z", nil), ("2026-13-24", nil),
        ] as [(String, String?)])
    func time(text: String, expected: String?) {
        #expect(LogTime.parse(text, now: .init(timeIntervalSince1970: 913_600)) == expected)
    }
}
