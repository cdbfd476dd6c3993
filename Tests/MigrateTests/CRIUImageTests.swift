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

    @Test func readsStatistics() throws {
        var dump = ProtobufWriter()
        dump.field(1, 2_900)
        dump.field(2, 812_345)
        dump.field(7, 99)
        let record = [0x0a, UInt8(dump.bytes.count)] + dump.bytes
        let image = ImageFile.bytes(of: [record], magic: ImageFile.statsMagic, first: ImageFile.serviceMagic)
        let statistics = try DumpStatistics(image)
        #expect(statistics.freezing == .microseconds(2_900))
        #expect(statistics.frozen == .microseconds(812_345))
    }

    @Test(
        arguments: [
            [], [0x19, 0x43, 0x56], Array(repeating: 0, count: 8),
            // A record of 255 bytes that is not there, a varint of eleven bytes, a field longer than its record.
            [0x40, 0x59, 0x10, 0x55, 0x06, 0x33, 0x09, 0x57, 0xff, 0, 0, 0],
            [0x40, 0x59, 0x10, 0x55, 0x06, 0x33, 0x09, 0x57, 0x0b, 0, 0, 0] + Array(repeating: 0x80, count: 11),
            [0x40, 0x59, 0x10, 0x55, 0x06, 0x33, 0x09, 0x57, 0x02, 0, 0, 0, 0x0a, 0x05],
        ] as [[UInt8]])
    func refusesMalformedImages(bytes: [UInt8]) {
        #expect(throws: MigrateError.self) { try DumpStatistics(bytes) }
    }
}
