import Testing

@testable import Migrate

@Suite struct PageIndexTests {
    @Test func findsEveryPageInAnyOrder() {
        let first = MemoryID(kind: .process, number: 1)
        let second = MemoryID(kind: .sharedMemory, number: 1)
        var index = PageIndex()
        // Runs of 1 to 7 pages with holes between.
        var addresses: [UInt64] = []
        var next: UInt64 = 0x1000
        for run in 0..<200 {
            for _ in 0...(run % 7) {
                addresses.append(next)
                next += 4096
            }
            next += UInt64(run % 3 + 1) * 4096
        }
        for address in addresses { index.append(first, address, UInt32(address / 4096)) }
        index.append(second, 0x1000, 7)
        #expect(index.pages == addresses.count + 1)
        for address in addresses + addresses.reversed()
            + addresses.enumerated().filter({ $0.offset % 5 == 0 }).map(\.element)
        {
            #expect(index.number(first, address) == UInt32(address / 4096))
        }
        let present = Set(addresses)
        for address in stride(from: 0, through: next, by: 4096) where !present.contains(address) {
            #expect(index.number(first, address) == nil)
        }
        #expect(index.number(second, 0x1000) == 7)
        #expect(index.number(MemoryID(kind: .process, number: 2), 0x1000) == nil)
    }

    /// Many more than the table begins with, some of which want the same place in it.
    @Test func findsEveryContent() {
        var table = PageContents.Table()
        let hashes = (0..<20_000 as Range<UInt64>).map { PageHash(low: ($0 / 3) &* 0x9e37_79b9, high: $0) }
        for (number, hash) in hashes.enumerated() {
            #expect(table.find(hash) == nil)
            #expect(table.append(hash) == UInt32(number))
        }
        for (number, hash) in hashes.enumerated() {
            #expect(table.find(hash) == UInt32(number) && table.holds(UInt32(number), hash))
        }
        #expect(!table.holds(1, hashes[0]) && !table.holds(20_000, hashes[0]))
        #expect(!table.holds(PageContents.zeros, hashes[0]) && !table.holds(PageContents.unnamed, hashes[0]))
    }

    @Test func hashesDependOnTheKey() {
        let page = [UInt8](repeating: 3, count: Page.size)
        let seeds = [PageHasher.randomSeed(), PageHasher.randomSeed()]
        let hashes = seeds.map { seed in page.withUnsafeBytes { PageHasher(seed: seed).hash($0) } }
        #expect(hashes[0] != hashes[1])
        #expect(page.withUnsafeBytes { PageHasher(seed: seeds[0]).hash($0) } == hashes[0])
    }
}
