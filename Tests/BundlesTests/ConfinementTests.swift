import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// Archives that try to write outside. `outside` stands beside the rootfs and must not change.
@Suite("Confinement", .requiresRoot)
struct ConfinementTests {
    private static func attack(_ entries: [TarBuilder.Entry]) async throws -> (
        folder: TemporaryFolder, error: BundleError?
    ) {
        let folder = try TemporaryFolder()
        _ = try folder.makeFolder("outside")
        try folder.write(Array("canary".utf8), to: "outside/file", mode: 0o600)
        let before = try await TreeListing.of("\(folder.path)/outside")
        let archive = TarBuilder.archive(
            entries.map { entry in
                entry.with {
                    $0.link = $0.link.replacing("OUTSIDE", with: "\(folder.path)/outside")
                    $0.name = $0.name.replacing("OUTSIDE", with: "\(folder.path)/outside")
                }
            })
        var failure: BundleError?
        do {
            try await unpack(archive, into: folder)
        } catch let error as BundleError {
            failure = error
        }
        #expect(try await TreeListing.of("\(folder.path)/outside") == before)
        return (folder, failure)
    }

    @Test(
        "is refused",
        arguments: [
            [.init("../outside/new", "0", "x")], [.init("a/../../outside/new", "0", "x")], [.init("..", "5")],
            [.init("/../x", "0", "x")], [.init(".", "2", link: "OUTSIDE")], [.init("./", "0", "x")],
            [.init("a", "1", link: "../outside/file")], [.init("a", "1", link: ".")],
            [.init("d", "5"), .init("a", "1", link: "d")], [.init("a", "1", link: "OUTSIDE/file")],
            [.init("a", "2", link: "OUTSIDE"), .init("b", "1", link: "a/file")],
            [.init("a", "2", link: "nowhere"), .init("a/b", "0", "x")],
            [.init("a", "2", link: "a"), .init("a/b", "0", "x")], [.init("a", "2", link: "")],
            [.init("a", "1", link: "a")], [.init("a\u{0}b", "9", "x")],
        ] as [[TarBuilder.Entry]])
    func refused(entries: [TarBuilder.Entry]) async throws {
        let (_, error) = try await Self.attack(entries)
        #expect([.refused, .badArchive].contains(try #require(error).code))
    }

    @Test("an absolute symlink as parent stays inside")
    func absoluteParent() async throws {
        let (folder, error) = try await Self.attack([
            .init("real", "5"), .init("link", "2", link: "/real"), .init("link/new", "0", "x"),
            .init("up", "2", link: "../../../real"), .init("up/newer", "0", "x"),
        ])
        #expect(error == nil)
        #expect(try folder.open("rootfs/real").names().map(\.description).sorted() == ["new", "newer"])
    }

    @Test("a symlink to a folder outside, with a folder of that path inside")
    func sameInside() async throws {
        let (folder, error) = try await Self.attack([
            .init("OUTSIDE", "5"), .init("link", "2", link: "OUTSIDE"), .init("link/file", "0", "inside"),
            .init("link/file", "0", "again").with { $0.mode = 0o4777 },
        ])
        #expect(error == nil)
        #expect(try Files.contents(of: "\(folder.path)/rootfs\(folder.path)/outside/file") == Array("again".utf8))
    }

    @Test("a folder entry over a symlink replaces it; its mode and owner reach nothing outside")
    func metadataThroughLink() async throws {
        let (folder, error) = try await Self.attack([
            .init("link", "2", link: "OUTSIDE"), .init("link", "5").with { ($0.mode, $0.user) = (0o777, 9) },
            .init("file", "2", link: "OUTSIDE/file"), .init("file", "0", "x").with { $0.mode = 0o777 },
        ])
        #expect(error == nil)
        #expect(try folder.open("rootfs").status(of: FileName("link")).kind == .directory)
    }

    @Test("a hardlink to a symlink links the symlink")
    func linkToLink() async throws {
        let (folder, error) = try await Self.attack([
            .init("soft", "2", link: "OUTSIDE/file"), .init("hard", "1", link: "soft"),
            .init("other", "1", link: "soft").with { ($0.mode, $0.user) = (0o777, 9) },
        ])
        #expect(error == nil)
        let root = try folder.open("rootfs")
        #expect(try root.status(of: FileName("hard")).identity == root.status(of: FileName("soft")).identity)
        #expect(try root.status(of: FileName("hard")).st_uid == 0, "a hardlink's own metadata is not applied")
    }

    @Test("a file where a parent is needed becomes a folder")
    func fileAsParent() async throws {
        let (folder, error) = try await Self.attack([.init("a", "0", "x"), .init("a/b/c", "0", "y")])
        #expect(error == nil)
        #expect(try Files.contents(of: "\(folder.path)/rootfs/a/b/c") == Array("y".utf8))
    }
}
