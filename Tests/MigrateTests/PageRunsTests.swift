import Testing

@testable import Migrate

@Suite("The pages that a process still lacks")
struct PageRunsTests {
    private typealias Run = PageRuns.Run

    /// Two runs: pages 10…19 from offset 0 of file 0, pages 30…39 from offset 0x1000 of file 1.
    private let start = [
        Run(start: 0xa000, end: 0x14000, file: 0, offset: 0),
        Run(start: 0x1e000, end: 0x28000, file: 1, offset: 0x1000),
    ]

    @Test("what comes next is lowest, and is taken from its beginning")
    func next() {
        var runs = PageRuns(start)
        #expect(runs.next == start[0])
        runs.remove(0xa000..<0xc000)
        #expect(runs.next == Run(start: 0xc000, end: 0x14000, file: 0, offset: 0x2000))
        #expect(runs.pages == 18)
        runs.remove(0..<UInt64.max)
        #expect(runs.isEmpty)
    }

    @Test("a page in the middle splits its run")
    func middle() {
        var runs = PageRuns(start)
        runs.remove(0x20000..<0x21000)
        #expect(runs.find(0x20000) == nil)
        #expect(runs.find(0x1f000) == Run(start: 0x1e000, end: 0x20000, file: 1, offset: 0x1000))
        #expect(runs.find(0x27fff) == Run(start: 0x21000, end: 0x28000, file: 1, offset: 0x4000))
        #expect(runs.find(0x28000) == nil)
    }

    @Test("a range over several runs cuts both ends")
    func several() {
        var runs = PageRuns(start)
        runs.remove(0x12000..<0x20000)
        #expect(
            runs
                == PageRuns([
                    Run(start: 0xa000, end: 0x12000, file: 0, offset: 0),
                    Run(start: 0x20000, end: 0x28000, file: 1, offset: 0x3000),
                ]))
    }

    @Test("pages move up, down, and partly", arguments: [0x40000, 0x1000, 0x16000] as [UInt64])
    func move(to: UInt64) {
        var runs = PageRuns(start)
        runs.move(0x9000..<0xe000, to: to)
        #expect(runs.find(0xa000) == nil)
        #expect(runs.find(0xe000) == Run(start: 0xe000, end: 0x14000, file: 0, offset: 0x4000))
        #expect(runs.find(to) == nil)
        #expect(runs.find(to + 0x1000) == Run(start: to + 0x1000, end: to + 0x5000, file: 0, offset: 0))
        #expect(runs.pages == 20)
    }

    /// Whatever happens in whatever order: the runs say the same as a table with an entry for each page.
    @Test("thousands of changes, compared with a table of pages")
    func table() {
        var generator = SystemRandomNumberGenerator()
        var runs = PageRuns(start)
        var table: [UInt64: Int] = [:]
        for run in start {
            for page in stride(from: run.start, to: run.end, by: 0x1000) {
                table[page] = run.file << 32 | (run.offset + Int(page - run.start))
            }
        }
        for _ in 0..<3000 {
            let from = UInt64.random(in: 0..<64, using: &generator) * 0x1000
            let length = UInt64.random(in: 1..<8, using: &generator) * 0x1000
            let range = from..<(from + length)
            if Int.random(in: 0..<10, using: &generator) == 0 {
                runs.remove(range)
                for page in stride(from: from, to: from + length, by: 0x1000) { table[page] = nil }
            } else {
                let to = UInt64.random(in: 0..<64, using: &generator) * 0x1000
                // mremap(2) refuses overlapping ranges, and unmaps what is at the destination.
                if range.overlaps(to..<(to + length)) { continue }
                runs.remove(to..<(to + length))
                runs.move(range, to: to)
                for offset in stride(from: 0, to: length, by: 0x1000) {
                    table[to + offset] = table.removeValue(forKey: from + offset)
                }
            }
            for page in stride(from: 0 as UInt64, to: 72 * 0x1000, by: 0x1000) {
                let run = runs.find(page)
                #expect(run.map { $0.file << 32 | ($0.offset + Int(page - $0.start)) } == table[page])
            }
            #expect(runs.pages == table.count)
            if table.count < 5 {
                runs = PageRuns(start)
                table = [:]
                for run in start {
                    for page in stride(from: run.start, to: run.end, by: 0x1000) {
                        table[page] = run.file << 32 | (run.offset + Int(page - run.start))
                    }
                }
            }
        }
    }
}
