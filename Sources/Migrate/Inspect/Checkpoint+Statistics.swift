extension Checkpoint {
    /// What CRIU measured (`stats-dump`, `stats-restore`). Times are in µs.
    package struct Statistics: Encodable, Sendable {
        package struct Dump: Encodable, Sendable {
            package let freezing: UInt64
            /// Of a dump with `--lazy-pages` CRIU writes nonsense here.
            package let frozen: UInt64
            package let readingMemory: UInt64
            package let writingMemory: UInt64
            package let pagesScanned: UInt64
            package let pagesInParent: UInt64
            package let pagesWritten: UInt64
            package let pagesLazy: UInt64

            init(_ record: ProtobufMessage) throws {
                freezing = try record.required(1, "freezing time")
                frozen = try record.required(2, "frozen time")
                readingMemory = try record.required(3, "time to read the memory")
                writingMemory = try record.required(4, "time to write the memory")
                pagesScanned = try record.required(5, "count of pages scanned")
                pagesInParent = try record.required(6, "count of pages in the parent")
                pagesWritten = try record.required(7, "count of pages written")
                pagesLazy = try record.number(9) ?? 0
            }
        }

        package struct Restore: Encodable, Sendable {
            package let forking: UInt64
            package let restoring: UInt64
            package let pagesCompared: UInt64
            /// Pages that a parent's process has too, and that were not copied.
            package let pagesShared: UInt64
            package let pagesRestored: UInt64?

            init(_ record: ProtobufMessage) throws {
                pagesCompared = try record.required(1, "count of pages compared")
                pagesShared = try record.required(2, "count of pages shared")
                forking = try record.required(3, "forking time")
                restoring = try record.required(4, "restore time")
                pagesRestored = try record.number(5)
            }
        }

        package let dump: Dump?
        package let restore: Restore?

        /// Nil where there are none.
        init?(_ images: ImageFolder) throws {
            dump = try images.record("stats-dump", .stats) { try $0.message(1).map(Dump.init) } ?? nil
            restore = try images.record("stats-restore", .stats) { try $0.message(2).map(Restore.init) } ?? nil
            if dump == nil, restore == nil { return nil }
        }
    }
}
