import CLinux
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

/// Of this process's own objects; those of tests that run beside are among what is found.
@Suite("Shared memory of processes that run", .requiresRoot, .requires(tool: "python3")) struct SharedMemoryTests {
    private static let process = ContainerProcess(pid: getpid(), innerPID: 7)

    /// A mapping that is shared, and is gone with the last reference.
    private final class Mapping {
        let memory: UnsafeMutableRawPointer
        private let size: Int

        init(pages: Int, of file: Int32 = -1, flags: Int32 = MAP_SHARED) {
            size = pages * Page.size
            memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0)
        }

        deinit { munmap(memory, size) }

        /// The inode that the kernel shows for it.
        func inode() throws -> UInt64 {
            let start = String(UInt(bitPattern: memory), radix: 16)
            let line = try #require(
                Files.text(of: "/proc/self/maps")?.split(separator: "\n").first { $0.hasPrefix(start) })
            return try #require(UInt64(line.split(separator: " ")[4]))
        }
    }

    private static func find(_ inode: UInt64) throws -> SharedMemory {
        try #require(SharedMemory.all(of: [process]).first { $0.number == inode })
    }

    @Test("anonymous, memfd, mapped or not, privately mapped, System V, /dev/zero: each is found, once")
    func finds() throws {
        let anonymous = Mapping(pages: 2)
        let memfd = Descriptor(owning: blt_memfd("found"))
        try memfd.setSize(2 * Page.size)
        let (once, twice) = (Mapping(pages: 2, of: memfd.raw), Mapping(pages: 1, of: memfd.raw, flags: MAP_PRIVATE))
        let unmapped = Descriptor(owning: blt_memfd("unmapped"))
        try unmapped.setSize(Page.size)
        let zero = try Descriptor.open("/dev/zero", O_RDWR)
        let shared = Mapping(pages: 1, of: zero.raw)
        let segment = shmget(IPC_PRIVATE, Page.size, IPC_CREAT | 0o600)
        defer { shmctl(segment, IPC_RMID, nil) }
        let attached = try #require(shmat(segment, nil, 0))
        defer { shmdt(attached) }
        let found = SharedMemory.all(of: [Self.process, Self.process]).map(\.number)
        for number in try [
            anonymous.inode(), UInt64(memfd.status().st_ino), UInt64(unmapped.status().st_ino), shared.inode(),
            UInt64(segment),
        ] {
            #expect(found.filter { $0 == number }.count == 1)
        }
        withExtendedLifetime((once, twice)) {}
    }

    /// Of a process of its own: this one has what other tests make beside.
    @Test("not all that CRIU would copy can be read: huge pages, a segment that nobody is attached to")
    func isComplete() async throws {
        let script = """
            import ctypes, mmap, os, sys
            libc = ctypes.CDLL(None)
            CLONE_NEWIPC, MFD_HUGETLB, MAP_NORESERVE, MAP_HUGETLB = 0x08000000, 4, 0x4000, 0x40000
            assert libc.unshare(CLONE_NEWIPC) == 0
            kept = mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
            for kind in sys.argv[1:]:
                if kind == "attached":
                    assert libc.shmat(libc.shmget(0, 4096, 0o1600), None, 0) != -1
                if kind == "unattached":
                    assert libc.shmget(0, 4096, 0o1600) != -1
                if kind == "huge":
                    kept = mmap.mmap(
                        -1, 2 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | MAP_NORESERVE | MAP_HUGETLB)
                if kind == "huge memfd":
                    os.memfd_create("huge", MFD_HUGETLB)
            print("ready", flush=True)
            sys.stdin.read()
            """
        for (kinds, count) in [
            ([], 1), (["attached"], 2), (["unattached"], nil), (["attached", "unattached"], nil), (["huge"], nil),
            (["huge memfd"], nil),
        ] {
            let (input, output) = try (Descriptor.pipe(), Descriptor.pipe())
            let python = try ChildProcess.start(
                try #require(Tool.path(of: "python3")), ["-c", script] + kinds,
                descriptors: [input.read, output.write])
            try #require(try Descriptor.waitForInput(of: [output.read], timeout: .seconds(20)) == 0)
            let found = try SharedMemory.complete(of: [ContainerProcess(pid: python, innerPID: 1)])
            #expect(found?.count == count, "\(kinds)")
            kill(python, SIGKILL)
            _ = try ChildProcess.wait(for: python)
            withExtendedLifetime(input) {}
        }
    }

    @Test("files are none, on a tmpfs or not")
    func leavesOut() throws {
        let folder = try TemporaryFolder()
        let paths = ["\(folder.path)/file", "/dev/shm/bundletool-test-\(getpid())"]
        defer { for path in paths { unlink(path) } }
        for path in paths {
            let file = try Descriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
            try file.setSize(Page.size)
            let mapping = Mapping(pages: 1, of: file.raw)
            let status = try file.status()
            #expect(
                !SharedMemory.all(of: [Self.process]).contains { object in
                    let found = try? object.open()?.status()
                    return found?.st_dev == status.st_dev && found?.st_ino == status.st_ino
                })
            withExtendedLifetime(mapping) {}
        }
    }

    @Test("pages that nobody has touched are not there, and are not made by looking and reading")
    func leavesHoles() throws {
        let count = 3 * Page.batch
        let mapping = Mapping(pages: count)
        // A huge page would be all there at once.
        madvise(mapping.memory, count * Page.size, MADV_NOHUGEPAGE)
        let written = [0, 1, 5, Page.batch, count - 1]
        for page in written { mapping.memory.storeBytes(of: 7, toByteOffset: page * Page.size + 9, as: UInt8.self) }
        let object = try Self.find(try mapping.inode())
        #expect(object.pages == written.count)
        let file = try #require(object.open())
        let runs = try SharedMemory.runs(of: file)
        #expect(runs.flatMap { run in (0..<run.pages).map { Int(run.address) / Page.size + $0 } } == written)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: count, by: Page.batch) {
            let read = SharedMemory.read(file, UInt64(start * Page.size), Page.batch, into: buffer)
            #expect(read == Page.batch)
            for page in 0..<Page.batch {
                #expect(buffer[page * Page.size + 9] == (written.contains(start + page) ? 7 : 0))
            }
        }
        #expect(object.pages == written.count)
        // The mapping itself has no more pages than it had, either.
        let pagemap = try Descriptor.open("/proc/self/pagemap", O_RDONLY)
        let words = try pagemap.pagemapWords(UInt64(UInt(bitPattern: mapping.memory)), count)
        #expect(words.filter { $0.bits >> 63 == 1 }.count == written.count)
    }

    @Test("an object that ends within a page, one that shrinks, one that is gone")
    func ends() throws {
        let memfd = Descriptor(owning: blt_memfd("odd"))
        try memfd.write(all: [UInt8](repeating: 9, count: Page.size + 100))
        let object = try Self.find(UInt64(memfd.status().st_ino))
        let file = try #require(object.open())
        #expect(try SharedMemory.runs(of: file) == [.init(address: 0, pages: 2)])
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 1)
        #expect(SharedMemory.read(file, 0, 4, into: buffer) == 2)
        #expect(buffer[Page.size + 99] == 9 && buffer[(Page.size + 100)..<(2 * Page.size)].allSatisfy { $0 == 0 })
        let mapping = Mapping(pages: 2, of: memfd.raw)
        mapping.memory.storeBytes(of: 8, toByteOffset: 2 * Page.size - 1, as: UInt8.self)
        #expect(SharedMemory.read(file, 0, 4, into: buffer) == 2)
        #expect(buffer[2 * Page.size - 1] == 8 && buffer[Page.size + 99] == 9)
        try memfd.setSize(0)
        #expect(SharedMemory.read(file, 0, 4, into: buffer) == 0)
        #expect(try SharedMemory.runs(of: file) == [])
        // Its number now opens something else.
        let pipe = try Descriptor.pipe()
        dup2(pipe.read.raw, memfd.raw)
        #expect(object.open() == nil)
        withExtendedLifetime(memfd) {}
    }
}
