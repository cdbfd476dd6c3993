import FoundationEssentials
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

/// The logic of soft-dirty tracking, on pagemaps written by hand: the kernel need not have the bits.
@Suite struct TrackingTests {
    private static let present: UInt64 = 1 << 63
    private static let swapped: UInt64 = 1 << 62
    private static let file: UInt64 = 1 << 61
    private static let exclusive: UInt64 = 1 << 56
    private static let dirty: UInt64 = 1 << 55
    private static let base: UInt64 = 0x10000

    @Test func readsPagemapWords() {
        let page = PagemapWord(Self.present | Self.exclusive | 7)
        #expect(page.isOwn && !page.isSoftDirty && page.frame == 7)
        #expect(PagemapWord(Self.present | Self.dirty | 7).isSoftDirty)
        #expect(PagemapWord(Self.present | Self.dirty | 7).identity == page.identity)
        #expect(!PagemapWord(Self.present | Self.file | 7).isOwn)
        #expect(!PagemapWord(0).isOwn && PagemapWord(0).identity == nil)
        // A mapping that is new is marked where it has no pages, too.
        #expect(!PagemapWord(Self.dirty).isOwn)
        // What was swapped out is another place, though the number be the same.
        let outside = PagemapWord(Self.swapped | 7)
        #expect(outside.isOwn && outside.frame == nil && outside.identity != nil && outside.identity != page.identity)
        // Frames are hidden from who is not privileged.
        #expect(PagemapWord(Self.present).identity == nil)
    }

    /// What the kernel shows of a page after a round in which it was at frame 7, and whether it need not be read.
    private static let laterWords: [(word: UInt64, isUnchanged: Bool)] = [
        (present | 7, true), (present | exclusive | 7, true), (present | dirty | 7, false), (present | 8, false),
        (swapped | 7, false), (0, false), (dirty, false), (present, false), (present | file | 7, false),
    ]

    @Test(arguments: laterWords)
    func trustsOnlyWhatStayed(_ word: UInt64, _ isUnchanged: Bool) throws {
        var known = AddressTable<UInt64>()
        known.append(Self.base, try #require(PagemapWord(Self.present | 7).identity))
        let runs = TrackedPages.runs(Self.base, 1, [PagemapWord(word)], known: &known)
        #expect(runs == [.init(address: Self.base, pages: 1, isUnchanged: isUnchanged)])
    }

    @Test func dividesIntoRuns() throws {
        var known = AddressTable<UInt64>()
        for index in 0..<6 where index != 3 {
            known.append(
                Self.base + UInt64(index * Page.size),
                try #require(PagemapWord(Self.present | UInt64(index + 1)).identity))
        }
        // The third was written, the fourth never read, the seventh and eighth are not mapped any more.
        let words = (1...6).map { PagemapWord(Self.present | UInt64($0) | ($0 == 3 ? Self.dirty : 0)) }
        #expect(
            TrackedPages.runs(Self.base, 8, words, known: &known) == [
                .init(address: Self.base, pages: 2, isUnchanged: true),
                .init(address: Self.base + 0x2000, pages: 2, isUnchanged: false),
                .init(address: Self.base + 0x4000, pages: 2, isUnchanged: true),
                .init(address: Self.base + 0x6000, pages: 2, isUnchanged: false),
            ])
    }

    /// Two rounds and a final look at one process, whose pagemap is a file.
    @Test("what moved while it was read is read again", .requiresRoot)
    func rounds() throws {
        let folder = try TemporaryFolder()
        let pagemap = try Descriptor.open("\(folder.path)/pagemap", O_RDWR | O_CREAT, mode: 0o600)
        func show(_ words: [UInt64]) throws {
            let offset = Int(Self.base) / Page.size * PagemapWord.size
            try words.withUnsafeBytes { try pagemap.write(all: $0, at: offset) }
        }
        try show([1, 2, 3, 4].map { Self.present | $0 })
        let first = TrackedPages(pagemap: pagemap, known: AddressTable())
        #expect(first.runs(Self.base, 4) == [.init(address: Self.base, pages: 4)])
        first.willRead(Self.base, 4)
        // The second is replaced meanwhile, the third written.
        try show([Self.present | 1, Self.present | 9, Self.present | Self.dirty | 3, Self.present | 4])
        // The fourth could not be read.
        first.wereRead(Self.base, 3)

        let second = TrackedPages(pagemap: pagemap, known: first.identities)
        let runs = second.runs(Self.base, 4)
        #expect(
            runs == [
                .init(address: Self.base, pages: 1, isUnchanged: true),
                .init(address: Self.base + 0x1000, pages: 3, isUnchanged: false),
            ])
        second.wereKept(runs[0])
        second.willRead(Self.base + 0x1000, 3)
        second.wereRead(Self.base + 0x1000, 3)

        let last = TrackedPages(pagemap: pagemap, known: second.identities)
        #expect(
            last.runs(Self.base, 4) == [
                .init(address: Self.base, pages: 2, isUnchanged: true),
                // Its bit stays until bits are cleared.
                .init(address: Self.base + 0x2000, pages: 1, isUnchanged: false),
                .init(address: Self.base + 0x3000, pages: 1, isUnchanged: true),
            ])
    }

    @Test func choosesWhatTheKernelHas() throws {
        #expect(try PageTracking.choose(.content) == .content)
        if SoftDirty.isSupported {
            #expect(try PageTracking.choose(nil) == .softDirty)
            #expect(try PageTracking.choose(.softDirty) == .softDirty)
        } else {
            #expect(try PageTracking.choose(nil) == .content)
            #expect(throws: MigrateError.self) { try PageTracking.choose(.softDirty) }
        }
    }
}
