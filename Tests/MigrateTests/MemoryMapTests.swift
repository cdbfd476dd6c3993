import Glibc
import LinuxSystem
import Testing

@testable import Migrate

@Suite struct MemoryMapTests {
    @Test func takesPrivateMappingsOnly() {
        let maps = """
            00400000-00401000 r--p 00000000 fe:00 1234       /usr/bin/python3.11
            7f0000000000-7f0000003000 rw-p 00000000 00:00 0 
            7f0000003000-7f0000004000 rw-s 00000000 00:01 9   /dev/zero (deleted)
            7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0   [stack]
            7ffd00100000-7ffd00104000 r--p 00000000 00:00 0   [vvar]
            7ffd00104000-7ffd00106000 r-xp 00000000 00:00 0   [vdso]
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
            """
        #expect(
            MemoryMap.privateMappings(of: maps) == [
                .init(address: 0x400000, pages: 1), .init(address: 0x7f00_0000_0000, pages: 3),
                .init(address: 0x7ffd_0000_0000, pages: 33), .init(address: 0x7ffd_0010_4000, pages: 2),
            ])
    }

    /// Of six anonymous pages two are written: these two, and no others, are the process's own.
    @Test func findsThePagesThatWereWritten() throws {
        let size = Page.size * 6
        let memory = try #require(mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        defer { munmap(memory, size) }
        madvise(memory, size, MADV_NOHUGEPAGE)
        memory.storeBytes(of: 1, toByteOffset: Page.size, as: UInt8.self)
        memory.storeBytes(of: 1, toByteOffset: Page.size * 4, as: UInt8.self)
        let start = UInt64(UInt(bitPattern: memory))
        let pagemap = try Descriptor.open("/proc/self/pagemap", O_RDONLY)
        let runs = try MemoryMap.ownPages(in: .init(address: start, pages: 6), pagemap: pagemap)
        #expect(
            runs == [
                .init(address: start + UInt64(Page.size), pages: 1),
                .init(address: start + UInt64(Page.size * 4), pages: 1),
            ])
    }

    @Test func tellsTheLivingFromTheDead() {
        #expect(ContainerProcess.isAlive(getpid()))
        #expect(!ContainerProcess.isAlive(Int32.max))
    }

    @Test func seesItsOwnProcessTree() throws {
        let tree = try ContainerProcess.tree(below: getpid())
        #expect(tree.contains { $0.pid == getpid() })
        #expect(throws: MigrateError.self) { try ContainerProcess.tree(below: Int32.max) }
    }
}
