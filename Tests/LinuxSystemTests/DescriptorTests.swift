import Glibc
import LinuxSystem
import TestSupport
import Testing

@Suite("Descriptors")
struct DescriptorTests {
    @Test("a name that is not UTF-8 keeps its bytes")
    func names() throws {
        let folder = try TemporaryFolder()
        let directory = try folder.open()
        let name = try #require(FileName([0x66, 0xff, 0xfe]))
        _ = try directory.open(name, O_WRONLY | O_CREAT, mode: 0o600)
        #expect(try directory.names() == [name])
        #expect(FileName([0x61, 0]) == nil)
    }

    @Test("a tree deeper than descriptors allow is removed, and links in it are not followed")
    func deepTree() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "kept")
        var directory = try folder.makeFolder("deep")
        for _ in 0..<1500 {
            try directory.makeSymlink(FileName("link"), to: FileName("\(folder.path)/kept"))
            try directory.makeDirectory(FileName("next"), mode: 0o755)
            directory = try directory.open(FileName("next"), O_RDONLY | O_DIRECTORY)
        }
        try folder.open().removeTree(FileName("deep"))
        #expect(try folder.open().names() == [FileName("kept")])
        #expect(try Files.contents(of: "\(folder.path)/kept") == [1])
    }

    @Test("replacing a file keeps its mode; a new one gets the given one")
    func replaceFile() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "old", mode: 0o640)
        let directory = try folder.open()
        try directory.replaceFile(FileName("old"), with: [2])
        try directory.replaceFile(FileName("new"), with: [3], mode: 0o604)
        #expect(try directory.status(of: FileName("old")).permissions == 0o640)
        #expect(try directory.status(of: FileName("new")).permissions == 0o604)
        #expect(try Files.contents(of: "\(folder.path)/old") == [2])
        #expect(try Set(directory.names()) == [FileName("old"), FileName("new")])
    }

    @Test("a lock excludes another descriptor's, and ends with its descriptor")
    func locks() throws {
        let folder = try TemporaryFolder()
        let other = try folder.open()
        do {
            let first = try folder.open()
            #expect(try first.tryLock())
            #expect(try !other.tryLock())
            #expect(try !other.tryLock(exclusive: false))
            withExtendedLifetime(first) {}
        }
        #expect(try other.tryLock())
    }

    @Test("a lock that a dead process has taken, and another one has inherited, is waited for")
    func lockOfDead() throws {
        let folder = try TemporaryFolder()
        let other = try folder.open()
        let (input, output) = try (Descriptor.pipe(), Descriptor.pipe())
        // What takes the lock is gone when the word comes; the shell has it then.
        let shell = try ChildProcess.start(
            "/bin/bash", ["-c", "exec 9<\"$1\"; flock -n 9 && echo locked; read", "-", folder.path],
            descriptors: [input.read, output.write])
        try #require(try Descriptor.waitForInput(of: [output.read], timeout: .seconds(10)) == 0)
        #expect(try !other.tryLock())
        #expect(try !other.tryLockOfDead(within: .milliseconds(100)))
        try input.write.write(all: Array("go\n".utf8))
        #expect(try other.tryLockOfDead())
        #expect(try ChildProcess.wait(for: shell) == .exited(0))
        // This process lives.
        #expect(try !folder.open().tryLockOfDead(within: .seconds(600)))
    }

    @Test("openat2 keeps inside: symlinks, absolute and not, and ..", arguments: ["absolute", "up", "../../outside"])
    func openInRoot(path: String) throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "outside")
        let root = try folder.makeFolder("root")
        try root.makeSymlink(FileName("absolute"), to: FileName("\(folder.path)/outside"))
        try root.makeSymlink(FileName("up"), to: FileName("../outside"))
        #expect(throws: SystemError.self) { try root.openInRoot(path, O_RDONLY) }
        try folder.open("root").replaceFile(FileName("outside"), with: [2])
        if path != "absolute" { #expect(try root.openInRoot(path, O_RDONLY).contents(limit: 10) == [2]) }
    }
}
