import TestSupport
import Testing

@testable import Bundles

@Suite("Tar headers")
struct TarReaderTests {
    private static func read(_ bytes: [UInt8], step: Int = 1000, isPlain: Bool = true) throws -> [TarEntry] {
        let reader = TarReader(MemoryChunks(bytes, step: step), archive: "test.tar", isPlain: isPlain)
        var entries: [TarEntry] = []
        while let entry = try reader.next() { entries.append(entry) }
        return entries
    }

    @Test("chunk borders make no difference", arguments: [1, 7, 511, 512, 513, 100_000])
    func chunks(step: Int) throws {
        var tar = TarBuilder()
        tar.add("one", "0", String(repeating: "x", count: 1500))
        tar.add(
            .init("two").with { $0.pax = [("path", Array("a-longer-name".utf8)), ("uid", Array("3000000000".utf8))] })
        let entries = try Self.read(tar.finished(), step: step)
        #expect(entries.map(\.name) == ["one", "a-longer-name"])
        #expect(entries.map(\.size) == [1500, 0])
        #expect(entries[1].user == 3_000_000_000)
    }

    @Test("pax has the last word on the size, so no data is read as a header")
    func paxSize() throws {
        // To a reader that trusts the ustar field, the content of 'outer' is the next header.
        let hidden = TarBuilder.archive([.init("hidden", "0", "x")])
        let outer = TarBuilder.Entry("outer").with {
            $0.content = hidden
            $0.statedSize = 0
            $0.pax = [("size", Array("\(hidden.count)".utf8))]
        }
        #expect(try Self.read(TarBuilder.archive([outer, .init("last")])).map(\.name) == ["outer", "last"])
    }

    @Test("a global pax header holds until an entry's own")
    func global() throws {
        var tar = TarBuilder()
        tar.block(.init("g", "g").with { $0.content = TarBuilder.record("uid", Array("7".utf8)) })
        tar.add("a")
        tar.add(.init("b").with { $0.pax = [("uid", Array("8".utf8))] })
        #expect(try Self.read(tar.finished()).map(\.user) == [7, 8])
    }

    @Test(
        "times before 1970 and fractions",
        arguments: [("1.5", 1, 500_000_000), ("-1.25", -2, 750_000_000), ("0.000000001", 0, 1), ("12", 12, 0)])
    func times(text: String, seconds: Int, nanoseconds: Int) throws {
        let entry = TarBuilder.Entry("a").with { $0.pax = [("mtime", Array(text.utf8))] }
        let read = try Self.read(TarBuilder.archive([entry]))[0]
        #expect(read.seconds == seconds)
        #expect(read.nanoseconds == nanoseconds)
    }

    static let malformedArchives: [(String, [UInt8])] = {
        var cases: [(String, [UInt8])] = []
        func add(_ name: String, _ change: (inout TarBuilder) -> Void) {
            var tar = TarBuilder()
            change(&tar)
            cases.append((name, tar.finished()))
        }
        cases.append(("empty", []))
        cases.append(("only an end mark", [UInt8](repeating: 0, count: 1024)))
        cases.append(("text", Array("hello, world\n".utf8)))
        cases.append(("noise", (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }))
        let whole = TarBuilder.archive([.init("a", "0", String(repeating: "x", count: 600)), .init("b", "0", "y")])
        for length in [100, 512, 700, 1536, 1700, 2048, 2560] {
            cases.append(("cut at \(length)", Array(whole.prefix(length))))
        }
        add("unknown type") { $0.add("a", "Z") }
        add("a pax record of a wrong length") {
            $0.block(.init("x", "x").with { $0.content = Array("99 path=a\n".utf8) })
            $0.add("a")
        }
        add("a pax record without '='") {
            $0.block(.init("x", "x").with { $0.content = Array("8 path\n".utf8) })
            $0.add("a")
        }
        add("a huge pax header") { $0.block(.init("x", "x").with { $0.statedSize = 1 << 30 }) }
        add("a huge long name") { $0.block(.init("L", "L").with { $0.statedSize = 1 << 30 }) }
        add("a negative size") { $0.add(.init("a").with { $0.pax = [("size", Array("-1".utf8))] }) }
        add("a size without end") { $0.add(.init("a").with { $0.pax = [("size", Array("9223372036854775807".utf8))] }) }
        add("no owner") { $0.add(.init("a").with { $0.pax = [("uid", Array("4294967295".utf8))] }) }
        add("a zero in a name") { $0.add(.init("a").with { $0.pax = [("path", [0x61, 0, 0x62])] }) }
        add("a global name") {
            $0.block(.init("g", "g").with { $0.content = TarBuilder.record("path", Array("x".utf8)) })
            $0.add("a")
        }
        func sparse(_ map: String, size: String, content: Int) -> TarBuilder.Entry {
            .init("s").with {
                $0.pax = [("GNU.sparse.map", Array(map.utf8)), ("GNU.sparse.size", Array(size.utf8))]
                $0.content = [UInt8](repeating: 1, count: content)
            }
        }
        add("sparse: overlapping") { $0.add(sparse("0,10,5,10", size: "100", content: 20)) }
        add("sparse: beyond the end") { $0.add(sparse("95,10", size: "100", content: 10)) }
        add("sparse: less data than said") { $0.add(sparse("0,10", size: "100", content: 5)) }
        add("sparse: overflow") { $0.add(sparse("9223372036854775807,10", size: "100", content: 10)) }
        add("sparse: odd") { $0.add(sparse("0,10,20", size: "100", content: 10)) }
        return cases
    }()

    @Test("malformed archives are refused in one sentence", arguments: malformedArchives)
    func malformed(name: String, bytes: [UInt8]) throws {
        let error = #expect(throws: BundleError.self) { try Self.read(bytes) }
        #expect(error?.code == .badArchive)
        #expect(error?.description.contains("test.tar") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("any byte may be wrong: an error or entries, never a crash")
    func mutations() throws {
        var random = SplitMix(state: 42)
        let whole = TarBuilder.archive([
            .init("a", "0", String(repeating: "x", count: 600)),
            .init("b", "2", link: "a").with {
                $0.pax = [("SCHILY.xattr.user.a", [1, 2]), ("mtime", Array("1.5".utf8))]
            },
        ])
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                _ = try Self.read(bytes)
            } catch let error as BundleError {
                #expect(error.code == .badArchive)
            }
        }
    }
}

/// A generator with a seed, so that a failure comes again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
