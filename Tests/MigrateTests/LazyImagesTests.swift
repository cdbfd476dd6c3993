import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

private let anonymous: UInt64 = 0x22
private let regular: UInt64 = 1 | 1 << 9

@Suite("Images that a lazy restore reads")
struct LazyImagesTests {
    private func mapping(
        _ range: Range<UInt64>, flags: UInt64 = anonymous, status: UInt64 = regular
    ) -> MemoryImage.Mapping {
        .init(range: range, flags: flags, status: status)
    }

    @Test(
        "what CRIU registers for lazy pages, and no more",
        arguments: [
            (anonymous, regular, true), (0x02, 1 | 1 << 6, false), (0x21, 1 | 1 << 8, false),
            (anonymous | 0x2000, regular, false), (anonymous | 0x40000, regular, false),
            (anonymous | 0x100, regular, false), (anonymous, regular | 1 << 3, false),
            (anonymous, regular | 1 << 12, false), (anonymous, regular | 1 << 15, false),
        ] as [(UInt64, UInt64, Bool)])
    func canBeLazy(flags: UInt64, status: UInt64, expected: Bool) {
        #expect(mapping(0..<0x1000, flags: flags, status: status).canBeLazy == expected)
    }

    @Test("an entry is split where a mapping begins or ends; both parts stay what they were")
    func marked() throws {
        var pagemap = Pagemap(pagesID: 7)
        pagemap.append(.init(address: 0x10000, pages: 16, content: .present))
        pagemap.append(.init(address: 0x20000, pages: 4, content: .parent))
        let marked = LazyImages.marked(
            pagemap,
            by: [
                mapping(0x8000..<0x12000), mapping(0x12000..<0x18000, flags: 0x02, status: 1 | 1 << 6),
                mapping(0x18000..<0x30000),
            ])
        #expect(
            marked.entries == [
                .init(address: 0x10000, pages: 2, content: .present, isLazy: true),
                .init(address: 0x12000, pages: 6, content: .present),
                .init(address: 0x18000, pages: 8, content: .present, isLazy: true),
                .init(address: 0x20000, pages: 4, content: .parent, isLazy: true),
            ])
        // Read again, marked again: the same.
        #expect(try Pagemap(marked.encoded) == marked)
        #expect(LazyImages.marked(marked, by: []).entries == pagemap.entries)
    }

    /// A message of varints, and of messages of varints.
    private func message(_ fields: [(UInt8, UInt64)], _ inner: [(UInt8, [UInt8])] = []) -> [UInt8] {
        var writer = ProtobufWriter()
        for (number, value) in fields { writer.field(UInt64(number), value) }
        return writer.bytes + inner.flatMap { [$0.0 << 3 | 2, UInt8($0.1.count)] + $0.1 }
    }

    private func write(_ mappings: [MemoryImage.Mapping], _ sets: [[Pagemap.Entry]], in folder: String) throws {
        for (index, entries) in sets.enumerated() {
            let set = "\(folder)/\(index + 1)"
            try Files.makeFolder(set)
            if index > 0 { try retrying("link", set) { symlink("../\(index)", "\(set)/parent") } }
            var pagemap = Pagemap(pagesID: 1)
            for entry in entries { pagemap.append(entry) }
            try Files.write(pagemap.encoded, to: "\(set)/pagemap-5.img")
        }
        let vmas = mappings.map { mapping -> (UInt8, [UInt8]) in
            let fields: [(UInt8, UInt64)] = [
                (1, mapping.range.lowerBound), (2, mapping.range.upperBound), (3, 0), (4, 0), (5, 3),
                (6, mapping.flags), (7, mapping.status), (8, 1),
            ]
            return (14, message(fields))
        }
        let image = ImageFile.bytes(of: [message([(1, 1)], vmas)], magic: ImageFile.memoryMagic)
        try Files.write(image, to: "\(folder)/\(sets.count)/mm-5.img")
    }

    @Test("pages are found through three sets; no run goes over the end of a mapping")
    func runs() throws {
        let folder = try TemporaryFolder()
        try write(
            [
                mapping(0x10000..<0x14000), mapping(0x14000..<0x20000),
                mapping(0x40000..<0x50000, flags: 0x02, status: 0x41),
            ],
            [
                [
                    .init(address: 0x8000, pages: 1, content: .present),
                    .init(address: 0x10000, pages: 8, content: .present),
                ],
                [
                    .init(address: 0x10000, pages: 2, content: .present),
                    .init(address: 0x12000, pages: 6, content: .parent),
                ],
                [
                    .init(address: 0x11000, pages: 6, content: .parent),
                    .init(address: 0x17000, pages: 1, content: .present),
                    .init(address: 0x40000, pages: 1, content: .present),
                ],
            ], in: folder.path)
        let images = LazyImages(folder: "\(folder.path)/3")
        #expect(try images.mark() == .init(lazy: 7, eager: 1, inherited: 0))
        let (runs, files) = try images.runs()
        #expect(
            files == ["3", "3/parent", "3/parent/parent"].map { "\(folder.path)/\($0)/pages-1.img" })
        #expect(
            runs == [
                5: [
                    .init(start: 0x11000, end: 0x12000, file: 1, offset: 0x1000),
                    .init(start: 0x12000, end: 0x14000, file: 2, offset: 0x3000),
                    .init(start: 0x14000, end: 0x17000, file: 2, offset: 0x5000),
                    .init(start: 0x17000, end: 0x18000, file: 0, offset: 0),
                ]
            ])
    }

    @Test("a page that is in no set is an error")
    func missing() throws {
        let folder = try TemporaryFolder()
        try write(
            [mapping(0x10000..<0x14000)],
            [
                [.init(address: 0x10000, pages: 1, content: .present)],
                [.init(address: 0x10000, pages: 2, content: .parent)],
            ], in: folder.path)
        let images = LazyImages(folder: "\(folder.path)/2")
        _ = try images.mark()
        #expect(throws: MigrateError.self) { try images.runs() }
    }

    @Test(
        "the choice",
        arguments: [
            (RestoreChoice.eager, LazyImages.Figures(lazy: 1 << 20), false),
            (.lazy, .init(lazy: 1), true), (.lazy, .init(), false),
            (.auto, .init(lazy: RestoreChoice.leastPages), true), (.auto, .init(lazy: 100), false),
            (.auto, .init(lazy: RestoreChoice.leastPages, eager: 1 << 20), false),
            // Ten forked workers that share what the first one has loaded.
            (.auto, .init(lazy: 10 << 20, inherited: 9 << 20), false),
        ] as [(RestoreChoice, LazyImages.Figures, Bool)])
    func choice(_ choice: RestoreChoice, _ figures: LazyImages.Figures, expected: Bool) {
        #expect(choice.isLazy(figures) == expected)
    }
}
