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
        for address in addresses { index.append(first, address, PageHash(low: address, high: 1)) }
        index.append(second, 0x1000, PageHash(low: 7, high: 7))
        #expect(index.pages == addresses.count + 1)
        for address in addresses + addresses.reversed()
            + addresses.enumerated().filter({ $0.offset % 5 == 0 }).map(\.element)
        {
            #expect(index.hash(first, address) == PageHash(low: address, high: 1))
        }
        let present = Set(addresses)
        for address in stride(from: 0, through: next, by: 4096) where !present.contains(address) {
            #expect(index.hash(first, address) == nil)
        }
        #expect(index.hash(second, 0x1000) == PageHash(low: 7, high: 7))
        #expect(index.hash(MemoryID(kind: .process, number: 2), 0x1000) == nil)
    }

    @Test func hashesDependOnTheKey() {
        let page = [UInt8](repeating: 3, count: Page.size)
        let seeds = [PageHasher.randomSeed(), PageHasher.randomSeed()]
        let hashes = seeds.map { seed in page.withUnsafeBytes { PageHasher(seed: seed).hash($0) } }
        #expect(hashes[0] != hashes[1])
        #expect(page.withUnsafeBytes { PageHasher(seed: seeds[0]).hash($0) } == hashes[0])
    }
}
