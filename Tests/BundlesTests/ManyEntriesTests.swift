import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// What grows with an archive must not be our memory, nor the time by more than its size.
@Suite("Many entries", .requiresRoot)
struct ManyEntriesTests {
    typealias Entry = TarBuilder.Entry

    @Test("a table of hashes is a set", arguments: [1, 64, 20_000])
    func table(keys: Int) {
        var random = SplitMix(state: UInt64(keys))
        var table = CompactTable<Int>()
        var model: [UInt64: Int] = [:]
        for step in 0..<40_000 {
            // Few home places, so that keys push each other around.
            let key =
                UInt64.random(in: 0..<UInt64(keys), using: &random) &* 0x9e37_79b9_7f4a_7c15 & 0xfc00_0000_f000_ffff
            if Int.random(in: 0..<3, using: &random) == 0 {
                table.remove(key)
                model[max(key, 1)] = nil
            } else {
                table.set(key, to: step)
                model[max(key, 1)] = step
            }
            if table.count != model.count { break }
        }
        #expect(table.count == model.count)
        #expect(model.allSatisfy { table[$0.key] == $0.value })
        #expect(table[0xffff_ffff_0000_0001] == nil)
    }

    @Test("a chain of links, each before its target, in any order; circles and missing targets are refused")
    func chain() async throws {
        let count = 2000
        var random = SplitMix(state: 5)
        let links = (0..<count).map { Entry("l\($0)", "1", link: $0 + 1 == count ? "d/target" : "l\($0 + 1)") }
        for order in [links, links.reversed(), links.shuffled(using: &random)] {
            let folder = try await LayerTests.apply([order + [Entry("d/target", "0", "x")]])
            #expect(try await Tool.shell("stat -c %h rootfs/d/target", in: folder.path).trimmed == "\(count + 1)")
        }
        for links in [[Entry("a", "1", link: "b"), Entry("b", "1", link: "a")], [Entry("a", "1", link: "none")]] {
            let error = await #expect(throws: BundleError.self) { _ = try await LayerTests.apply([links]) }
            #expect(error?.code == .badArchive)
        }
    }

    @Test("a link that waits gives way to what comes for its name, also in an upper layer")
    func replaced() async throws {
        let folder = try await LayerTests.apply([
            [Entry("old", "0", "old")],
            [
                Entry("a", "1", link: "t"), Entry("b", "1", link: "t"), Entry("c", "1", link: "old"),
                Entry("a", "0", "own"), Entry(".wh.old"), Entry("t", "0", "target"),
            ],
        ])
        #expect(try await Tool.shell("cd rootfs; head a b c t", in: folder.path).contains("own"))
        #expect(
            try await Tool.shell("cat rootfs/a rootfs/b rootfs/c; ls rootfs", in: folder.path)
                == "owntargetolda\nb\nc\nt\n")
    }

    @Test("folders keep their times however often an archive comes back to them, by their own names or by others'")
    func times() async throws {
        let folder = try await LayerTests.apply([
            [
                Entry("./", "5").with { $0.time = 1 }, Entry("d/", "5").with { $0.time = 2 },
                Entry("d/e/", "5").with { $0.time = 3 }, Entry("d/up", "2", link: ".."), Entry("l", "2", link: "d/e"),
                Entry("x", "0"), Entry("d/e/y", "0"), Entry("l/z", "0"), Entry("d/up/w", "0"), Entry("d/v", "0"),
                Entry("d/up/d/e/u", "0"),
            ],
            [Entry("d/e/t", "0"), Entry("d/.wh.v"), Entry("l/.wh.y"), Entry("d/f/", "5").with { $0.time = 4 }],
        ])
        let times = try await Tool.shell("stat -c '%n %Y' rootfs rootfs/d rootfs/d/e rootfs/d/f", in: folder.path)
        #expect(times == "rootfs 1\nrootfs/d 2\nrootfs/d/e 3\nrootfs/d/f 4\n")
    }

    @Test(
        "peak memory does not grow with folders, late links, and the files of an upper layer",
        .requires(tool: "python3"))
    func memory() async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(Self.make.utf8), to: "make.py")
        // The fewer fill most buffers already.
        for count in [6000, 30_000] {
            try await Tool.shell("mkdir \(count); cd \(count); python3 ../make.py \(count)", in: folder.path)
        }
        for source in ["tar:folders.tar", "tar:links.tar", "oci:image:x"] {
            func peak(_ count: Int) async throws -> Int {
                let output = try await Tool.shell(
                    """
                    python3 - <<'END'
                    import resource, subprocess
                    subprocess.run(["\(Tool.bundletool)", "create", "out", "--containers", ".", "--from", "\(source)"],
                                   check=True, stdout=subprocess.DEVNULL)
                    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
                    END
                    rm -rf out
                    """, in: "\(folder.path)/\(count)")
                return Int(output.trimmed) ?? .max
            }
            let (few, many) = (try await peak(6000), try await peak(30_000))
            #expect(many < few + 12_000, "kilobytes, from \(source)")
            #expect(many < 64_000, "kilobytes, from \(source)")
        }
    }

    /// Writes the archives: a folder for each, a link before each file's target, two layers of files.
    private static let make = """
        import hashlib, json, os, sys, tarfile
        count = int(sys.argv[1])

        def entry(archive, name, kind, link=""):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, link, 0o755
            archive.addfile(info)

        with tarfile.open("folders.tar", "w") as archive:
            for number in range(count):
                entry(archive, "a-folder-%d/with-a-name-of-some-length-%d" % (number // 100, number), tarfile.DIRTYPE)
        with tarfile.open("links.tar", "w") as archive:
            for number in range(count):
                entry(archive, "a-folder/some-name-%d" % number, tarfile.LNKTYPE, "the-target-%d" % (number % 60))
            for number in range(60):
                entry(archive, "the-target-%d" % number, tarfile.REGTYPE)
        os.makedirs("image/blobs/sha256")

        def blob(data):
            name = hashlib.sha256(data).hexdigest()
            open("image/blobs/sha256/" + name, "wb").write(data)
            return {"digest": "sha256:" + name, "size": len(data)}

        layers = []
        for layer in range(2):
            with tarfile.open("layer.tar", "w") as archive:
                for number in range(count // 2):
                    entry(archive, "folder-%d/name-%d" % (number // 100, number), tarfile.REGTYPE)
            layers.append(dict(blob(open("layer.tar", "rb").read()),
                               mediaType="application/vnd.oci.image.layer.v1.tar"))
        config = blob(json.dumps({"rootfs": {"diff_ids": [layer["digest"] for layer in layers]}}).encode())
        manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode())
        manifest["annotations"] = {"org.opencontainers.image.ref.name": "x"}
        json.dump({"imageLayoutVersion": "1.0.0"}, open("image/oci-layout", "w"))
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, open("image/index.json", "w"))
        """
}
