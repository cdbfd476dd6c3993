/// The mappings of a process, from CRIU's `mm-N.img`.
///
/// Source: CRIU `images/mm.proto`, `images/vma.proto`, `criu/include/image.h`, `criu/include/vma.h`.
struct MemoryImage: Equatable {
    struct Mapping: Equatable {
        var range: Range<UInt64>
        /// The flags of mmap(2).
        var flags: UInt64
        /// What CRIU says it is.
        var status: UInt64
        /// What madvise(2) was told: a bit for each piece of advice, by its number.
        var advice: UInt64 = 0

        private enum Flag {
            static let isPrivate: UInt64 = 0x02
            static let anonymous: UInt64 = 0x20
            /// Linux: `MAP_GROWSDOWN`, `MAP_LOCKED`, `MAP_DROPPABLE`, `MAP_HUGETLB`.
            static let never: UInt64 = 0x100 | 0x2000 | 0x08 | 0x40000
        }

        private enum Status {
            static let regular: UInt64 = 1 << 0
            static let anonymousPrivate: UInt64 = 1 << 9
            /// vsyscall, vdso, vvar, AIO ring, shadow stack, guard pages, those of a plugin.
            static let never: UInt64 = 1 << 2 | 1 << 3 | 1 << 12 | 1 << 13 | 1 << 15 | 1 << 16 | 1 << 27
        }

        /// `MADV_DONTFORK` and `MADV_WIPEONFORK`: a child is to have none of it, or zeros.
        private static let notForChildren: UInt64 = 1 << 10 | 1 << 18

        /// Whether CRIU registers it for a lazy restore: its `vma_entry_can_be_lazy`, and besides neither the stack of
        /// the first thread, which has a hidden guard page, nor what CRIU copies by itself, nor what
        /// a child does not inherit, since the kernel does not say which these are.
        var canBeLazy: Bool {
            flags & Flag.isPrivate != 0 && flags & Flag.anonymous != 0 && flags & Flag.never == 0
                && advice & Self.notForChildren == 0 && status & Status.regular != 0
                && status & Status.anonymousPrivate != 0 && status & Status.never == 0
        }
    }

    /// By ascending address.
    let mappings: [Mapping]

    /// - Throws: `.malformed` where it is no such image.
    init(_ bytes: [UInt8]) throws(MigrateError) {
        guard let record = try ImageFile.records(of: bytes, magic: ImageFile.memoryMagic).first else {
            throw MigrateError(.malformed, "a memory image of CRIU's is empty")
        }
        var reader = ProtobufReader(record)
        var mappings: [Mapping] = []
        while let (number, value) = try reader.next() {
            guard number == 14, case .bytes(let message) = value else { continue }
            var fields: [UInt64: UInt64] = [:]
            var inner = ProtobufReader(message)
            while let (number, value) = try inner.next() {
                if case .varint(let value) = value { fields[number] = value }
            }
            guard let start = fields[1], let end = fields[2], start < end, let flags = fields[6],
                let status = fields[7], mappings.last.map({ $0.range.upperBound <= start }) ?? true
            else {
                // Guard pages come after the mappings that they lie in, and out of order.
                if let status = fields[7], status & 1 << 16 != 0 { continue }
                throw MigrateError(.malformed, "a memory image of CRIU's has an impossible mapping")
            }
            mappings.append(Mapping(range: start..<end, flags: flags, status: status, advice: fields[9] ?? 0))
        }
        self.mappings = mappings
    }

    static func name(of process: UInt64) -> String { "mm-\(process).img" }
}
