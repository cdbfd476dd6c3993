import Glibc
import LinuxSystem
import OCIConfig
import Synchronization
import TestSupport
import Testing

@testable import Bundles

/// Images that lay hands on what is outside, by ways that archives alone do not show.
@Suite("Traps", .timeLimit(.minutes(5)), .requiresRoot)
struct TrapTests {
    typealias Entry = TarBuilder.Entry

    /// What becomes of `User: web` with these entries; `outside` has a passwd file that knows web.
    private static func user(_ entries: [Entry]) async throws -> (uid: UInt32?, error: (any Error)?) {
        let builder = try await ImageBuilder()
        let path = builder.folder.path
        try await Tool.shell("mkdir outside; echo 'web:x:77:77::/:/bin/sh' >outside/passwd", in: path)
        let links = entries.map { entry in
            entry.with { $0.link = entry.link.replacing("OUTSIDE", with: "\(path)/outside") }
        }
        builder.list(
            try await builder.image([TarBuilder.archive([Entry("etc/", "5")] + links)], config: ["User": "web"]))
        try builder.finish()
        do {
            let bundle = try await OCIBundle.create(
                BundleName("b"), in: ContainersFolder(option: "\(path)/c"), from: ImageSource(builder.path))
            return (try bundle.spec().process?.user?.uid, nil)
        } catch {
            #expect(!Files.exists("\(path)/c"), "nothing is left")
            return (nil, error)
        }
    }

    @Test("/etc/passwd as a link is looked for inside, is a regular file, and not endless")
    func passwd() async throws {
        let inside = try await Self.user([
            Entry("real", "0", "web:x:33:33::/:/bin/sh\n"), Entry("etc/passwd", "2", link: "/real"),
        ])
        #expect(inside.uid == 33, "\(inside)")
        for link in ["OUTSIDE/passwd", "../../../../../../../../OUTSIDE/passwd"] {
            let outside = try await Self.user([Entry("etc/passwd", "2", link: link)])
            #expect(outside.uid == nil && outside.error != nil, "\(outside)")
        }
        for entry in [
            Entry("etc/passwd", "6"), Entry("etc/passwd", "5"),
            Entry("etc/passwd").with { $0.content = [UInt8](repeating: 0x0a, count: 17 << 20) },
        ] {
            let refused = try await Self.user([entry])
            #expect((refused.error as? BundleError)?.code == .refused, "\(refused)")
        }
    }

    @Test("labels of the machine that made the archive are left out, capabilities of namespaces are not")
    func attributes() async throws {
        let capability: [UInt8] = [1, 0, 0, 3, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12) + [0x40, 0x0d, 3, 0]
        let folder = try await LayerTests.apply([
            [
                Entry("a", "0", "x").with {
                    $0.pax = [
                        ("SCHILY.xattr.security.selinux", Array("system_u:object_r:bin_t:s0\u{0}".utf8)),
                        ("SCHILY.xattr.system.nfs4_acl", [0, 0, 0, 1]),
                        ("SCHILY.xattr.security.capability", capability),
                        ("SCHILY.xattr.user.kept", [0, 255]),
                    ]
                }
            ]
        ])
        let found = try await Tool.shell("getfattr -d -m - -e hex rootfs/a", in: folder.path)
        #expect(!found.contains("selinux") && !found.contains("nfs4"), "\(found)")
        #expect(found.contains("user.kept=0x00ff"))
        #expect(found.contains("security.capability=0x0100000300040000000000000000000000000000400d0300"), "\(found)")
    }

    @Test("a tree that somebody swaps for a link while it is unpacked: nothing gets outside")
    func swapped() async throws {
        let folder = try TemporaryFolder()
        let root = try folder.makeFolder("rootfs")
        _ = try folder.makeFolder("outside")
        let entries = (0..<3000).map { number in
            number % 10 == 0 ? Entry("d/", "5") : Entry("d/e\(number % 7)/f\(number)", "0", "x")
        }
        let archive = TarBuilder.archive(entries)
        let done = Atomic(false)
        async let swapping: Int = onThread("swap") {
            let path = folder.path
            var swaps = 0
            while !done.load(ordering: .relaxed) {
                if rename("\(path)/rootfs/d", "\(path)/aside") != 0 { continue }
                symlink("\(path)/outside", "\(path)/rootfs/d")
                sched_yield()
                unlink("\(path)/rootfs/d")
                rename("\(path)/aside", "\(path)/rootfs/d")
                swaps += 1
            }
            return swaps
        }
        // An error is as good as a tree.
        _ = try? await Cancellation.scope { cancellation in
            let stream = TarStream(name: "swapped", open: { _ in MemoryReader(archive) })
            try await TarUnpacker(cancellation: cancellation).unpack(stream, into: root)
        }
        done.store(true, ordering: .relaxed)
        let swaps = try await swapping
        #expect(swaps > 0)
        #expect(try Files.names(in: "\(folder.path)/outside").isEmpty)
    }
}
