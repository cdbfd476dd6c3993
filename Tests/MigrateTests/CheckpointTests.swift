import Foundation
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

/// Image folders as CRIU would not write them; what it does write is compared with crit among the integration tests.
@Suite struct CheckpointTests {
    // MARK: A folder byte by byte

    private static func varint(_ value: UInt64) -> [UInt8] {
        var value = value
        var bytes: [UInt8] = []
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    private static func message(_ fields: [(UInt64, Field)]) -> [UInt8] {
        fields.flatMap { number, field in
            switch field {
            case .number(let value): varint(number << 3) + varint(value)
            case .bytes(let bytes): varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
            }
        }
    }

    private enum Field {
        case number(UInt64)
        case bytes([UInt8])
        static func text(_ text: String) -> Field { .bytes(Array(text.utf8)) }
        static func message(_ fields: [(UInt64, Field)]) -> Field { .bytes(CheckpointTests.message(fields)) }
    }

    private static func image(_ magic: ImageFolder.Magic, _ records: [[(UInt64, Field)]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in magic.words { ImageFile.append(word, to: &bytes) }
        for record in records.map(message) {
            ImageFile.append(UInt32(record.count), to: &bytes)
            bytes += record
        }
        return bytes
    }

    /// One process with two pages here, one in the parent and one lazy, a file, a pipe and a connection.
    private static let images: [String: [UInt8]] = [
        "inventory.img": image(.inventory, [[(1, .number(2)), (10, .number(1)), (11, .number(1))]]),
        "pstree.img": image(
            .pstree,
            [[(1, .number(1)), (2, .number(0)), (3, .number(1)), (4, .number(1)), (5, .number(1)), (5, .number(9))]]),
        "core-1.img": image(
            .core,
            [
                [
                    (1, .number(1)), (3, .message([(1, .number(1)), (6, .text("server"))])),
                    (4, .message([(2, .number(5))])),
                ]
            ]),
        "core-9.img": image(.core, [[(1, .number(1)), (5, .message([(13, .text("worker"))]))]]),
        "mm-1.img": image(
            .mm,
            [
                [
                    (12, .number(1)),
                    (
                        14,
                        .message([
                            (1, .number(0x10000)), (2, .number(0x14000)), (4, .number(1)), (5, .number(5)),
                            (6, .number(2)), (7, .number(1 | 1 << 6)),
                        ])
                    ),
                ]
            ]),
        "pagemap-1.img": image(
            .pagemap,
            [
                [(1, .number(1))], [(1, .number(0x10000)), (2, .number(2)), (4, .number(4)), (5, .number(2))],
                [(1, .number(0x12000)), (2, .number(1)), (4, .number(1)), (5, .number(1))],
                [(1, .number(0x13000)), (2, .number(1)), (4, .number(2)), (5, .number(1))],
            ]),
        "pages-1.img": [UInt8](repeating: 0, count: 4096) + [UInt8](repeating: 1, count: 4096),
        "fdinfo-5.img": image(
            .fdinfo,
            [
                [(1, .number(1)), (2, .number(0)), (3, .number(1)), (4, .number(0))],
                [(1, .number(2)), (2, .number(1)), (3, .number(2)), (4, .number(7))],
                [(1, .number(3)), (2, .number(0)), (3, .number(4)), (4, .number(8))],
            ]),
        "files.img": image(
            .files,
            [
                [(1, .number(1)), (2, .number(1)), (3, .message([(1, .number(1)), (6, .text("/bin/server"))]))],
                [
                    (1, .number(2)), (2, .number(2)),
                    (18, .message([(1, .number(2)), (2, .number(77)), (3, .number(1))])),
                ],
                [
                    (1, .number(4)), (2, .number(3)),
                    (
                        4,
                        .message([
                            (1, .number(3)), (2, .number(0xabc)), (3, .number(2)), (4, .number(1)), (5, .number(6)),
                            (6, .number(1)), (7, .number(80)), (8, .number(1234)), (11, .number(0x0100_007f)),
                            (12, .number(0x0200_007f)),
                        ])
                    ),
                ],
            ]),
        "tcp-stream-abc.img": image(.tcpStream, [[(1, .number(3)), (3, .number(4))]]) + [1, 2, 3, 4, 5, 6, 7],
        "stats-dump": image(
            .stats, [[(1, .message((1...9).map { (UInt64($0), .number(UInt64($0) * 10)) }))]]),
    ]

    private static let parent: [String: [UInt8]] = [
        "pagemap-1.img": image(
            .pagemap, [[(1, .number(1))], [(1, .number(0x11000)), (2, .number(2)), (4, .number(4)), (5, .number(2))]]),
        "pages-1.img": [UInt8](repeating: 2, count: 8192),
    ]

    private static func folder(_ change: (inout [String: [UInt8]], inout [String: [UInt8]]) -> Void = { _, _ in })
        throws
        -> TemporaryFolder
    {
        let folder = try TemporaryFolder()
        var own = images
        var above = parent
        change(&own, &above)
        for name in ["images", "above"] { try Files.makeFolder("\(folder.path)/\(name)") }
        for (name, bytes) in own { try folder.write(bytes, to: "images/\(name)") }
        for (name, bytes) in above { try folder.write(bytes, to: "above/\(name)") }
        symlink("../above", "\(folder.path)/images/parent")
        return folder
    }

    private static func read(_ folder: TemporaryFolder) throws -> Checkpoint {
        try Checkpoint(readingFolder: "\(folder.path)/images", countingZeros: true)
    }

    // MARK: Tests

    @Test func readsEveryImage() throws {
        let folder = try Self.folder()
        let checkpoint = try Self.read(folder)
        #expect(checkpoint.inventory.closesTCP && checkpoint.inventory.networkLock == "nftables")
        #expect(checkpoint.statistics?.dump?.pagesWritten == 70)
        let process = try #require(checkpoint.processes.first)
        #expect(process.name == "server" && process.executable == "/bin/server" && process.state == "running")
        #expect(process.threads.map(\.name) == ["server", "worker"])
        let memory = try #require(process.memory)
        #expect(memory.pages == Checkpoint.Pages(present: 2, inParent: 1, lazy: 1, zero: 1, entries: 3))
        #expect(memory.mapped == 0x4000 && memory.areas.first?.protection == "r-xp")
        #expect(memory.areas.first?.file == "/bin/server")
        #expect(
            process.files.map(\.description) == [
                "/bin/server", "pipe 77, write end", "tcp 127.0.0.1:80 → 127.0.0.2:1234 ESTABLISHED",
            ])
        #expect(process.files.map(\.closesOnExec) == [false, true, false])
        let socket = try #require(checkpoint.sockets.first)
        #expect(socket.received == 3 && socket.unsent == 4 && socket.users.first?.descriptor == 8)
        #expect(checkpoint.parents.map(\.pages.present) == [2])
        #expect(checkpoint.parents.first?.folder == "\(folder.path)/above")
    }

    @Test(arguments: [
        ("no inventory", "inventory.img"), ("another magic number", "magic"), ("a future version", "version 9"),
        ("a process twice", "twice"), ("a file twice", "twice"), ("a file that is nowhere", "files.img does not have"),
        ("pages cut off", "shorter"), ("no pages", "not there"), ("no page in the parent", "as its child says"),
        ("no parent", "parent"), ("a parent that leads nowhere", "leads nowhere"),
        ("its own parent", "its own parents"),
        ("a page twice in the parent", "twice"), ("a fifo", "no regular file"), ("a link", "links"),
        ("a record of 4 GB", "more than CRIU writes"), ("an address inside a page", "impossible entry"),
        ("pages beyond memory", "beyond the end"), ("an empty image", "empty"), ("an old CRIU", "files.img"),
        ("no folder", "No such file"),
    ])
    func refuses(_ what: String, _ words: String) throws {
        let folder = try Self.folder { own, above in
            switch what {
            case "no inventory": own["inventory.img"] = nil
            case "another magic number": own["pstree.img"]![4] ^= 1
            case "a future version": own["inventory.img"] = Self.image(.inventory, [[(1, .number(9))]])
            case "a process twice": own["pstree.img"]! += own["pstree.img"]![8...]
            case "a file twice": own["files.img"]! += own["files.img"]![8...]
            case "a file that is nowhere":
                own["fdinfo-5.img"] = Self.image(
                    .fdinfo, [[(1, .number(9)), (2, .number(0)), (3, .number(1)), (4, .number(0))]])
            case "pages cut off": own["pages-1.img"]!.removeLast()
            case "no pages": own["pages-1.img"] = nil
            case "no page in the parent":
                above["pagemap-1.img"] = Self.image(
                    .pagemap, [[(1, .number(1))], [(1, .number(0x11000)), (2, .number(1)), (4, .number(4))]])
            case "a page twice in the parent":
                above["pagemap-1.img"]! +=
                    Self.image(
                        .pagemap, [[(1, .number(0x12000)), (2, .number(1)), (4, .number(1))]])[8...]
            case "a record of 4 GB": own["core-1.img"]!.replaceSubrange(8..<12, with: [0xff, 0xff, 0xff, 0xff])
            case "an address inside a page":
                own["pagemap-1.img"] = Self.image(
                    .pagemap, [[(1, .number(1))], [(1, .number(0x11001)), (2, .number(1)), (4, .number(4))]])
            case "pages beyond memory":
                own["pagemap-1.img"] = Self.image(
                    .pagemap,
                    [
                        [(1, .number(1))],
                        [(1, .number(.max - 0xfff)), (2, .number(1)), (4, .number(2)), (5, .number(9))],
                    ])
            case "an empty image": own["core-1.img"] = Array(own["core-1.img"]!.prefix(8))
            case "an old CRIU":
                own["files.img"] = nil
                own["reg-files.img"] = []
            default: break
            }
        }
        let images = "\(folder.path)/images"
        switch what {
        case "no parent": unlink("\(images)/parent")
        case "a parent that leads nowhere":
            unlink("\(images)/parent")
            symlink("../nowhere", "\(images)/parent")
        case "its own parent": symlink("../images", "\(folder.path)/above/parent")
        case "a fifo":
            unlink("\(images)/core-1.img")
            mkfifo("\(images)/core-1.img", 0o600)
        case "a link":
            unlink("\(images)/core-1.img")
            symlink("/etc/passwd", "\(images)/core-1.img")
        case "no folder": try Descriptor.open(folder.path, O_RDONLY | O_DIRECTORY).removeTree(FileName("images"))
        default: break
        }
        let error = #expect(throws: (any Error).self) { try Self.read(folder) }
        #expect("\(error!)".contains(words), "\(error!)")
    }

    /// Every image cut off at every length, and with each byte changed: an answer or an error, never a crash.
    @Test(arguments: images.keys.sorted().filter { $0 != "pages-1.img" })
    func survives(_ name: String) throws {
        let folder = try Self.folder()
        let path = "images/\(name)"
        let bytes = Self.images[name]!
        var refused = 0
        func attempt(_ bytes: [UInt8]) throws {
            try folder.write(bytes, to: path)
            do { _ = try Self.read(folder) } catch is MigrateError { refused += 1 } catch is SystemError {
                refused += 1
            }
        }
        for length in 0..<bytes.count { try attempt(Array(bytes.prefix(length))) }
        for index in bytes.indices {
            for change: UInt8 in [0x01, 0x07, 0x80, 0xff] {
                var changed = bytes
                changed[index] ^= change
                try attempt(changed)
            }
        }
        #expect(refused > 0)
    }
}
