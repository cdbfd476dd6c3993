import Testing

@testable import Migrate

@Suite struct CRIUImageTests {
    /// Field by field as in CRIU's `pagemap.proto`.
    @Test func writesPagemapsAsCRIUDoes() throws {
        var pagemap = Pagemap(pagesID: 1)
        pagemap.append(.init(address: 0x40_0000, pages: 1, content: .present))
        pagemap.append(.init(address: 0x40_2000, pages: 300, content: .parent))
        let records = try ImageFile.records(of: pagemap.encoded, magic: ImageFile.pagemapMagic)
        #expect(
            records.map(Array.init) == [
                [0x08, 0x01],
                [0x08, 0x80, 0x80, 0x80, 0x02, 0x10, 0x01, 0x20, 0x04, 0x28, 0x01],
                [0x08, 0x80, 0xc0, 0x80, 0x02, 0x10, 0xac, 0x02, 0x18, 0x01, 0x20, 0x01, 0x28, 0xac, 0x02],
            ])
        #expect(Array(pagemap.encoded.prefix(8)) == [0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56])
    }

    @Test func joinsRunsThatTouch() {
        var pagemap = Pagemap(pagesID: 1)
        pagemap.append(.init(address: 0x1000, pages: 2, content: .present))
        pagemap.append(.init(address: 0x3000, pages: 1, content: .present))
        pagemap.append(.init(address: 0x4000, pages: 1, content: .parent))
        #expect(
            pagemap.entries == [
                .init(address: 0x1000, pages: 3, content: .present), .init(address: 0x4000, pages: 1, content: .parent),
            ])
    }

    @Test(
        arguments: [
            (0x1000, 4, true), (0x1000, 1, true), (0x4000, 2, true), (0x0000, 1, false), (0x4000, 3, false),
            (0x6000, 1, false), (0x8000, 1, true), (0x5000, 4, false), (0x1000, 0, false),
            (UInt64.max - 0xfff, 1, false),
            (0x1000, UInt64.max / 2, false),
        ] as [(UInt64, UInt64, Bool)])
    func knowsWhatItCovers(address: UInt64, pages: UInt64, covered: Bool) {
        var pagemap = Pagemap(pagesID: 1)
        pagemap.append(.init(address: 0x1000, pages: 3, content: .present))
        pagemap.append(.init(address: 0x4000, pages: 2, content: .parent))
        pagemap.append(.init(address: 0x8000, pages: 1, content: .present))
        #expect(pagemap.covers(address, pages) == covered)
    }

    /// What CRIU writes with `--lazy-pages`: lazy runs take no place in the pages file.
    @Test func readsDumpedPagemaps() throws {
        var head = ProtobufWriter()
        head.field(1, 3)
        let entries: [(UInt64, UInt64, UInt64?)] = [(0x1000, 2, 4), (0x4000, 5, 2), (0x9000, 1, 6), (0xb000, 1, nil)]
        let records = entries.map { address, pages, flags in
            var record = ProtobufWriter()
            record.field(1, address)
            record.field(2, pages)
            if let flags { record.field(4, flags) }
            return record.bytes
        }
        let pagemap = try DumpedPagemap(ImageFile.bytes(of: [head.bytes] + records, magic: ImageFile.pagemapMagic))
        #expect(pagemap.pagesID == 3)
        #expect(
            pagemap.entries == [
                .init(address: 0x1000, pages: 2, content: .present(offset: 0)),
                .init(address: 0x4000, pages: 5, content: .lazy),
                .init(address: 0x9000, pages: 1, content: .present(offset: 8192)),
                .init(address: 0xb000, pages: 1, content: .present(offset: 12288)),
            ])
    }

    /// More pages than a file can hold: the offsets would overflow.
    @Test func refusesEndlessPagemaps() {
        var head = ProtobufWriter()
        head.field(1, 3)
        var record = ProtobufWriter()
        record.field(1, 0x1000)
        record.field(5, 1 << 40 - 1)
        let records = [head.bytes] + Array(repeating: record.bytes, count: 1 << 12)
        let bytes = ImageFile.bytes(of: records, magic: ImageFile.pagemapMagic)
        #expect(throws: MigrateError.self) { try DumpedPagemap(bytes) }
    }

    @Test(
        arguments: [
            [], [0x19, 0x43, 0x56], Array(repeating: 0, count: 8),
            // A record of 255 bytes that is not there, a varint of eleven bytes, a field longer than its record, no head, a
            // parent, an address inside a page.
            frame + [0xff, 0, 0, 0], frame + [0x0b, 0, 0, 0] + Array(repeating: 0x80, count: 11),
            frame + [0x02, 0, 0, 0, 0x0a, 0x05], frame,
            frame + [2, 0, 0, 0, 8, 1, 9, 0, 0, 0, 8, 0x80, 0x20, 16, 1, 32, 1, 40, 1],
            frame + [2, 0, 0, 0, 8, 1, 4, 0, 0, 0, 8, 1, 16, 1],
        ] as [[UInt8]])
    func refusesMalformedImages(bytes: [UInt8]) {
        #expect(throws: MigrateError.self) { try DumpedPagemap(bytes) }
    }

    private static let frame: [UInt8] = [0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56]

    @Test func findsTimesInLogs() {
        let log =
            "(00.000010) Version: 4.2.1\n(00.052084) freezing cgroup /x: 100 x 100ms\n(12.5) Writing stats\nno time\n"
        #expect(Downtime.time(of: "freezing cgroup", in: log) == .seconds(0.052084))
        #expect(Downtime.time(of: "Writing stats", in: log) == .seconds(12.5))
        #expect(Downtime.time(of: "no time", in: log) == nil)
        #expect(Downtime.time(of: "Seized", in: log) == nil)
    }
}
