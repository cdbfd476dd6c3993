import FoundationEssentials
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

/// Sender, link, receiver and store together, over a real socket pair and real files.
@Suite struct TransferTests {
    private static let seed = PageHasher.randomSeed()
    private static let memory = MemoryID(kind: .process, number: 1)

    /// Runs `send` against a receiver; returns what the receiver threw and the last image folder.
    private func exchange(_ send: @escaping @Sendable (Link) throws -> Void) async throws -> (
        folder: TemporaryFolder, error: (any Error)?
    ) {
        let folder = try TemporaryFolder()
        let (here, there) = try Descriptor.socketPair()
        let receiver = Receiver(
            link: Link(input: there, output: there), storeFolder: folder.path,
            target: LocalTarget(bundle: "/b", restoring: { _, _ in }))
        let receiving = Task.detached { try await receiver.run() }
        let link = Link(input: here, output: here)
        _ = try? await onThread("sender") { try send(link) }
        link.shutDown()
        switch await receiving.result {
        case .success: return (folder, nil)
        case .failure(let error): return (folder, error)
        }
    }

    private static func pages(_ fill: [UInt8]) -> [UInt8] {
        fill.flatMap { [UInt8](repeating: $0, count: Page.size) }
    }

    private static func sendSet(_ link: Link, _ number: Int, known: PageIndex, _ fill: [UInt8]) throws -> PageSetSender
    {
        let sender = try PageSetSender(number: number, link: link, hasher: PageHasher(seed: seed), known: known)
        try sender.begin(memory)
        try pages(fill).withUnsafeBytes { try sender.add(0x10000, $0) }
        _ = try sender.finish()
        _ = try link.expect(.answer, as: AnswerMessage.self)
        return sender
    }

    /// After an image: there are no more, restore.
    private static func end(_ link: Link) throws {
        try link.send(.imagesEnd, ImagesEndMessage(count: 1))
        _ = try link.expect(.answer, as: AnswerMessage.self)
        try link.send(.restore, RestoreMessage())
        _ = try link.expect(.answer, as: AnswerMessage.self)
    }

    @Test func sendsOnlyWhatChanged() async throws {
        let counts = SendCounts()
        let (folder, error) = try await exchange { link in
            try link.send(.hello, HelloMessage(container: "c", hashSeed: Self.seed))
            let _: WelcomeMessage = try link.expect(.welcome)
            let first = try Self.sendSet(link, 1, known: PageIndex(), [1, 2, 3, 4, 5])
            let second = try Self.sendSet(link, 2, known: first.index, [1, 2, 9, 9, 5])
            counts.set(second.counts.sent, second.counts.unchanged)
            try link.send(.file, FileMessage(name: "core-1.img", size: 3))
            try link.send(.data, head: [7, 8, 9])
            try Self.end(link)
        }
        #expect(error == nil)
        #expect(counts.value == [1, 3])
        #expect(try Files.contents(of: "\(folder.path)/2/pages-1.img") == Self.pages([9, 9]))
        #expect(try Files.contents(of: "\(folder.path)/1/pages-1.img") == Self.pages([1, 2, 3, 4, 5]))
        #expect(try Files.contents(of: "\(folder.path)/2/core-1.img") == [7, 8, 9])
        var expected = Pagemap(pagesID: 1)
        expected.append(.init(address: 0x10000, pages: 2, content: .parent))
        expected.append(.init(address: 0x12000, pages: 2, content: .present))
        expected.append(.init(address: 0x14000, pages: 1, content: .parent))
        #expect(try Files.contents(of: "\(folder.path)/2/pagemap-1.img") == expected.encoded)
        #expect(Files.canonicalPath("\(folder.path)/2/parent") == "\(folder.path)/1")
    }

    /// Pages that the kernel says are unchanged are referred to without a look at them; what was never sent is not.
    @Test func keepsWhatTheReceiverHolds() async throws {
        let (folder, error) = try await exchange { link in
            try link.send(.hello, HelloMessage(container: "c", hashSeed: Self.seed))
            let _: WelcomeMessage = try link.expect(.welcome)
            let first = try Self.sendSet(link, 1, known: PageIndex(), [1, 2, 3])
            let second = try PageSetSender(
                number: 2, link: link, hasher: PageHasher(seed: Self.seed), known: first.index)
            try second.begin(Self.memory)
            #expect(try second.keep(0x10000, 2))
            #expect(try !second.keep(0x12000, 2))
            try Self.pages([3, 4]).withUnsafeBytes { try second.add(0x12000, $0) }
            _ = try second.finish()
            _ = try link.expect(.answer, as: AnswerMessage.self)
            #expect([second.counts.sent, second.counts.unchanged] == [1, 3])
            // What was kept is known in the next set, too.
            let third = try Self.sendSet(link, 3, known: second.index, [1, 2, 3, 4])
            #expect([third.counts.sent, third.counts.unchanged] == [0, 4])
            try link.send(.file, FileMessage(name: "core-1.img", size: 0))
            try Self.end(link)
        }
        #expect(error == nil)
        #expect(try Files.contents(of: "\(folder.path)/2/pages-1.img") == Self.pages([4]))
        #expect(try Files.contents(of: "\(folder.path)/3/pages-1.img") == [])
    }

    /// Zeros, equal pages, pages that have moved, pages of another process: none of them crosses twice.
    @Test func namesWhatTheReceiverHas() async throws {
        let (folder, error) = try await exchange { link in
            try link.send(.hello, HelloMessage(container: "c", hashSeed: Self.seed))
            let _: WelcomeMessage = try link.expect(.welcome)
            let first = try Self.sendSet(link, 1, known: PageIndex(), [0, 1, 1, 2, 0, 0, 3, 1, 0])
            #expect(first.counts == Self.counts(sent: 3, copied: 2, zero: 4))
            // The first stays, the second is zero now, the third is what the fourth was, and so on; the last two are new.
            let second = try Self.sendSet(link, 2, known: first.index, [0, 0, 2, 3, 1, 0, 3, 4, 4, 0])
            #expect(second.counts == Self.counts(sent: 1, unchanged: 3, copied: 4, zero: 2))
            // Another process, forked from the first: in the same set as its parent.
            let third = try PageSetSender(
                number: 3, link: link, hasher: PageHasher(seed: Self.seed), known: second.index)
            for number in [1, 2] as [UInt64] {
                try third.begin(MemoryID(kind: .process, number: number))
                try Self.pages([9, 1, 2, 3, 0]).withUnsafeBytes { try third.add(0x10000, $0) }
            }
            _ = try third.finish()
            _ = try link.expect(.answer, as: AnswerMessage.self)
            #expect(third.counts == Self.counts(sent: 1, unchanged: 2, copied: 5, zero: 2))
            try link.send(.file, FileMessage(name: "core-1.img", size: 0))
            try Self.end(link)
            #expect(link.sent < 5 * Page.size + 3000)
        }
        #expect(error == nil)
        #expect(try Files.contents(of: "\(folder.path)/1/pages-1.img") == Self.pages([0, 1, 1, 2, 0, 0, 3, 1, 0]))
        #expect(try Files.contents(of: "\(folder.path)/2/pages-1.img") == Self.pages([0, 2, 3, 1, 4, 4, 0]))
        #expect(try Files.contents(of: "\(folder.path)/3/pages-2.img") == Self.pages([9, 1, 2, 3, 0]))
    }

    private static func counts(sent: Int, unchanged: Int = 0, copied: Int, zero: Int) -> PageCounts {
        var counts = PageCounts()
        (counts.sent, counts.unchanged, counts.copied, counts.zero) = (sent, unchanged, copied, zero)
        return counts
    }

    @Test("pages cross compressed where that makes them smaller", arguments: CompressionChoice.allCases)
    func compresses(_ choice: CompressionChoice) async throws {
        var generator = SystemRandomNumberGenerator()
        // A batch of text, each page another; a batch of noise; one more page.
        let text = Array((0..<40_000).map { "line \($0) of many; " }.joined().utf8.prefix(64 * Page.size))
        let noise = (0..<(64 * Page.size)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let pages = text + noise + text.prefix(Page.size).reversed()
        let slow = Rate(bytesPerSecond: 1e6)
        let (folder, error) = try await exchange { link in
            let hasher = PageHasher(seed: Self.seed)
            try link.send(.hello, HelloMessage(container: "c", hashSeed: Self.seed))
            let _: WelcomeMessage = try link.expect(.welcome)
            let sender = try PageSetSender(
                number: 1, link: link, hasher: hasher, known: PageIndex(),
                packer: PagePacker(choice, rate: slow, isLocal: true))
            try sender.begin(Self.memory)
            for start in stride(from: 0, to: pages.count, by: 64 * Page.size) {
                let batch = Array(pages[start..<min(start + 64 * Page.size, pages.count)])
                try batch.withUnsafeBytes { try sender.add(0x10000 + UInt64(start), $0) }
            }
            _ = try sender.finish()
            _ = try link.expect(.answer, as: AnswerMessage.self)
            #expect(sender.counts.sent == 129)
            #expect(sender.counts.packed == (choice == .none ? 0 : 65))
            #expect((link.sent < 90 * Page.size) == (choice != .none))
            try link.send(.file, FileMessage(name: "core-1.img", size: 0))
            try Self.end(link)
        }
        #expect(error == nil)
        #expect(try Files.contents(of: "\(folder.path)/1/pages-1.img") == pages)
    }

    @Test("auto compresses nothing on a link that is faster, nor before it knows how fast the link is")
    func measures() throws {
        #expect(PagePacker(.auto, rate: nil, isLocal: true) == nil)
        #expect(PagePacker(.none, rate: Rate(bytesPerSecond: 1e6), isLocal: false) == nil)
        let text = Array((0..<100_000).map { "line \($0) of many; " }.joined().utf8.prefix(256 * Page.size))
        try text.withUnsafeBytes { pages in
            let fast = try #require(PagePacker(.auto, rate: Rate(bytesPerSecond: 1e13), isLocal: false))
            #expect(fast.pack(pages) == nil)
            for seconds in [1.0, 1e-9] {
                let unknown = try #require(PagePacker(.auto, rate: nil, isLocal: false))
                for _ in 0..<4 {
                    #expect(unknown.pack(pages) == nil)
                    unknown.wereSent(pages.count, in: .seconds(seconds))
                }
                // Three of these four were measured.
                #expect((unknown.pack(pages) != nil) == (seconds == 1))
            }
        }
    }

    /// Each is what a hostile or broken source could send; the receiver refuses it and writes nothing outside.
    @Test(arguments: [
        "an image outside the folder", "an image that replaces pages", "a hidden image", "an image that is too long",
        "unchanged pages that never came", "pages in descending order", "pages that are not whole", "a wrong digest",
        "a set out of order", "pages before a set", "no greeting", "a short greeting", "data without an image",
        "an image in a set",
        "a restore without images", "a restore in the middle of a set", "a set that ends twice", "pages after a set",
        "pages that are not compressed", "compressed pages that are too many", "compressed pages that are too few",
        "more compressed pages than a batch", "no compressed page", "a copy of a page that never came",
        "a copy of nothing", "a copy of something else", "zeros beyond the end",
        "more zeros than a file can hold", "zeros without a memory", "an image after the last", "a set after an image",
        "an address beyond the end",
    ])
    func refuses(_ attack: String) async throws {
        let (folder, error) = try await exchange { link in
            if attack == "no greeting" { return try link.send(.pageSetBegin, PageSetBeginMessage(number: 1)) }
            let seed = attack == "a short greeting" ? [1, 2, 3] : Self.seed
            try link.send(.hello, HelloMessage(container: "c", hashSeed: seed))
            if attack == "pages before a set" { return try Self.sendMemory(link) }
            try link.send(.pageSetBegin, PageSetBeginMessage(number: attack == "a set out of order" ? 2 : 1))
            switch attack {
            case "an image outside the folder": try link.send(.file, FileMessage(name: "../escape.img", size: 0))
            case "an image that replaces pages": try link.send(.file, FileMessage(name: "pages-1.img", size: 0))
            case "a hidden image": try link.send(.file, FileMessage(name: ".x.img", size: 0))
            case "an image that is too long":
                try link.send(.file, FileMessage(name: "core-1.img", size: 1))
                try link.send(.data, head: [1, 2])
            case "unchanged pages that never came":
                try Self.sendMemory(link)
                try link.send(.unchanged, head: [0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
            case "pages in descending order":
                try Self.sendMemory(link)
                try link.send(.pages, head: [0, 0, 2, 0, 0, 0, 0, 0] + Self.pages([1]))
                try link.send(.pages, head: [0, 0, 1, 0, 0, 0, 0, 0] + Self.pages([1]))
            case "pages that are not whole":
                try Self.sendMemory(link)
                try link.send(.pages, head: [0, 0, 2, 0, 0, 0, 0, 0, 1])
            case "a wrong digest":
                try Self.sendMemory(link)
                try link.send(.pages, head: [0, 0, 1, 0, 0, 0, 0, 0] + Self.pages([1]))
                try link.send(.pageSetEnd, PageSetEndMessage(counts: PageCounts(), digest: "0-0"))
            case "data without an image": try link.send(.data, head: [1])
            case "an image in a set": try link.send(.file, FileMessage(name: "core-1.img", size: 0))
            case "an address beyond the end":
                try Self.sendMemory(link)
                try link.send(.pages, head: [0, 240] + [UInt8](repeating: 255, count: 6) + Self.pages([1, 2]))
            case "a copy of a page that never came", "a copy of nothing", "a copy of something else":
                try Self.sendMemory(link)
                try link.send(.pages, head: Frame.words(0x10000) + Self.pages([1, 2]))
                let numbers: [UInt64] =
                    ["a copy of nothing": [], "a copy of something else": [0, 1]][attack] ?? [1, 2]
                try link.send(.copies, head: Frame.words([0x12000] + numbers))
                // The source says that it named the page of number 0 twice.
                var digest = PageSetDigest(PageHasher(seed: Self.seed))
                for (page, fill) in ([1, 2, 1, 1] as [UInt8]).enumerated() {
                    let hash = Self.pages([fill]).withUnsafeBytes { PageHasher(seed: Self.seed).hash($0) }
                    digest.add(Self.memory, 0x10000 + UInt64(page * Page.size), hash)
                }
                try link.send(
                    .pageSetEnd,
                    PageSetEndMessage(counts: Self.counts(sent: 2, copied: 2, zero: 0), digest: digest.text))
                try Self.endWithImage(link)
            case "pages that are not compressed", "compressed pages that are too many",
                "compressed pages that are too few", "more compressed pages than a batch", "no compressed page":
                try Self.sendMemory(link)
                let pages = [UInt8](repeating: 7, count: 64 << 20)
                let compressor = ZstdCompressor(limit: pages.count)
                let packed = withExtendedLifetime(compressor) {
                    pages.withUnsafeBytes { Array(compressor.compress($0, level: 1)) }
                }
                let counts: [String: UInt64] = [
                    "compressed pages that are too few": 16385, "more compressed pages than a batch": 16384,
                    "no compressed page": 0,
                ]
                try link.send(
                    .packed,
                    head: Frame.words(0x10000, counts[attack] ?? 256)
                        + (attack == "pages that are not compressed" ? Self.pages([1]) : packed))
            case "zeros beyond the end", "more zeros than a file can hold":
                try Self.sendMemory(link)
                try link.send(.zeros, head: Frame.words(0x10000, attack == "zeros beyond the end" ? 1 << 52 : 1 << 45))
                try link.send(.zeros, head: Frame.words(0x20000 + 1 << 57, 1 << 45))
                try link.send(.memory, head: Frame.words(2) + [MemoryID.Kind.process.rawValue])
            case "zeros without a memory": try link.send(.zeros, head: Frame.words(0x10000, 1))
            case "a restore in the middle of a set": break
            default: try Self.attackAfterSet(attack, link)
            }
            try link.send(.restore, RestoreMessage())
        }
        #expect(error is MigrateError, "\(attack) was accepted")
        #expect(!Files.exists("/tmp/escape.img") && !Files.exists("\(folder.path)/escape.img"))
    }

    private static func endWithImage(_ link: Link) throws {
        try link.send(.file, FileMessage(name: "core-1.img", size: 0))
        try link.send(.imagesEnd, ImagesEndMessage(count: 1))
    }

    private static func attackAfterSet(_ attack: String, _ link: Link) throws {
        let end = PageSetEndMessage(counts: PageCounts(), digest: PageSetDigest(PageHasher(seed: seed)).text)
        try link.send(.pageSetEnd, end)
        let image = FileMessage(name: "core-1.img", size: 0)
        switch attack {
        case "a set that ends twice": try link.send(.pageSetEnd, end)
        case "pages after a set": try sendMemory(link)
        case "a set after an image":
            try link.send(.file, image)
            try link.send(.pageSetBegin, PageSetBeginMessage(number: 2))
        case "an image after the last":
            try link.send(.file, image)
            try link.send(.imagesEnd, ImagesEndMessage(count: 1))
            try link.send(.file, FileMessage(name: "core-2.img", size: 0))
        default: break
        }
    }

    @Test("what a source costs is bounded, and what it says is fit for a terminal")
    func bounds() throws {
        let folder = try TemporaryFolder()
        let hasher = PageHasher(seed: Self.seed)
        let store = CheckpointStore(root: folder.path, hasher: hasher)
        let end = PageSetEndMessage(counts: PageCounts(), digest: PageSetDigest(hasher).text)
        for number in 1...CheckpointStore.setLimit {
            try store.beginSet(number)
            try store.endSet(end)
        }
        #expect(throws: MigrateError.self) { try store.beginSet(CheckpointStore.setLimit + 1) }
        let words = FailureMessage(text: "a\u{1b}[2Jb\n" + String(repeating: "c", count: 10_000)).error.message
        #expect(words.hasPrefix("a?[2Jb?ccc") && words.count <= 4096)
    }

    private static func sendMemory(_ link: Link) throws {
        try link.send(.memory, head: [1, 0, 0, 0, 0, 0, 0, 0, MemoryID.Kind.process.rawValue])
    }
}

private final class SendCounts: @unchecked Sendable {
    // Written by the sender's thread before the test reads it.
    private(set) var value: [Int] = []
    func set(_ sent: Int, _ unchanged: Int) { value = [sent, unchanged] }
}
