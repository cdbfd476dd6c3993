import Glibc
import LinuxSystem
import Testing

@testable import Migrate

@Suite("Comparing memory that stands still")
struct FrozenComparisonTests {
    /// This process's own memory; the pages that are looked at are nobody else's.
    @Test("pages that differ, and pages that the destination lacks, are to be read; all others are not")
    func finds() throws {
        let count = 3 * Page.batch + 7
        let memory = mmap(nil, count * Page.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        defer { munmap(memory, count * Page.size) }
        let start = UInt64(UInt(bitPattern: memory))
        let process = ContainerProcess(pid: getpid(), innerPID: 7)
        let hasher = PageHasher(seed: PageHasher.randomSeed())
        let missing: Set = [0, Page.batch, 2 * Page.batch + 1]
        let changed: Set = [1, 2, Page.batch - 1, count - 1]
        let zeros: Set = [5, 6]
        var known = PageIndex()
        for index in 0..<count {
            let page = UnsafeMutableRawBufferPointer(start: memory + index * Page.size, count: Page.size)
            // A page that was never written is none.
            page.storeBytes(of: zeros.contains(index) ? 0 : UInt64(index + 1), as: UInt64.self)
            if !missing.contains(index) {
                let number =
                    zeros.contains(index)
                    ? PageContents.zeros
                    : known.contents.withTable { $0.append(hasher.hash(UnsafeRawBufferPointer(page))) }
                known.append(MemoryID(kind: .process, number: 7), start + UInt64(index * Page.size), number)
            }
            if changed.contains(index) { page.storeBytes(of: 1, toByteOffset: 4088, as: UInt64.self) }
        }
        let comparison = try FrozenComparison(processes: [process], known: known, hasher: hasher)
        let other = try BackgroundWork("compare") { comparison.work() }
        comparison.work()
        try other.wait()
        var pages = comparison.pages(of: process.memory)
        var unchanged: [Int] = []
        var next = start
        for batch in stride(from: 0, to: count, by: 100) {
            for run in pages.runs(start + UInt64(batch * Page.size), min(100, count - batch)) {
                #expect(run.address == next)
                next += UInt64(run.pages * Page.size)
                let first = Int(run.address - start) / Page.size
                if run.isUnchanged { unchanged += first..<(first + run.pages) }
            }
        }
        #expect(next == start + UInt64(count * Page.size))
        #expect(unchanged == (0..<count).filter { !missing.contains($0) && !changed.contains($0) })
    }

    @Test("memory that can be executed is left for later")
    func executable() {
        let maps = """
            1000-3000 r-xp 00000000 00:00 0
            4000-6000 rw-p 00000000 00:00 0 [heap]
            7000-8000 rwxp 00000000 00:00 0
            9000-a000 rw-s 00000000 00:00 0
            """
        #expect(
            MemoryMap.privateMappings(of: maps, executable: false) == [MemoryMap.Range(address: 0x4000, pages: 2)])
    }
}
