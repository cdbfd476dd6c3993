package import Bundles

/// What a migration took.
package struct MigrationReport: Sendable, Codable, Equatable {
    /// One page set that crossed while the container ran.
    package struct Round: Sendable, Codable, Equatable {
        /// Pages that crossed.
        package var pages: Int
        /// Pages that the destination had already, at the same address.
        package var unchanged = 0
        /// Pages of zeros, and pages whose content the destination had from elsewhere: they were only named.
        package var zero = 0
        package var copied = 0
        /// Those of the pages that crossed that were compressed.
        package var packed = 0
        package var seconds: Double

        package init(pages: Int, seconds: Double) {
            self.pages = pages
            self.seconds = seconds
        }

        init(_ counts: PageCounts, seconds: Double) {
            (pages, unchanged, zero) = (counts.sent, counts.unchanged, counts.zero)
            (copied, packed) = (counts.copied, counts.packed)
            self.seconds = seconds
        }
    }

    /// What was brought over of the rootfs, while the container ran and while it was stopped.
    package struct Files: Sendable, Codable, Equatable {
        package var running = TreeMirror.Changes()
        package var frozen = TreeMirror.Changes()
    }

    package var container: String
    package var source: String
    package var destination: String
    /// How changed pages were found; nil without rounds.
    package var tracking: PageTracking?
    /// Pre-copy rounds, in order; empty for stop-and-copy.
    package var rounds: [Round] = []
    /// Seconds that the rest was expected to take on the link while the container was stopped; nil without rounds.
    package var predictedTransferSeconds: Double?
    /// Seconds from the container held to the destination having everything: what the prediction is about.
    package var transferSeconds = 0.0
    /// Pages of the final dump: those that crossed, those that the destination had at the same address, those of zeros,
    /// and those whose content it had from elsewhere.
    package var finalPages = 0
    package var knownPages = 0
    package var zeroPages = 0
    package var copiedPages = 0
    /// Those of the pages that crossed then that were compressed.
    package var packedPages = 0
    package var compress = CompressionChoice.auto
    package var files = Files()
    /// All bytes from source to destination.
    package var bytes = 0
    /// Bytes from source to destination while the container was stopped.
    package var frozenBytes = 0
    /// From the first process stopped to all of them running at the destination.
    package var frozenSeconds = 0.0
    package var dumpSeconds = 0.0
    package var restoreSeconds = 0.0
    package var totalSeconds = 0.0
    /// What came after the restore; nil where CRIU had read all memory before the container went on.
    package var fill: Fill?
}

/// What a migration is doing, for progress and logs.
package enum MigrationEvent: Sendable {
    /// Rounds of pre-copy are to come, and changed pages will be found this way.
    case tracking(PageTracking)
    /// A round of pre-copy begins; so many pages are expected. The prediction is as at the end of the round before.
    case roundBegins(number: Int, pages: Int, predictedTransfer: Double?)
    /// So many pages more were looked at.
    case pagesRead(Int)
    /// - predictedTransfer: seconds that sending the rest would take now that the container is stopped; nil after the
    ///   first round, which does not tell.
    case roundEnds(number: Int, MigrationReport.Round, predictedTransfer: Double?)
    /// The rounds do not get shorter: so many bytes change each second, and so many the link carries.
    case notConverging(changing: Rate, link: Rate)
    case dumping
    case dumped(PageCounts)
    case restoring
    /// The container runs, and its memory is filled.
    case filling
    /// The restore failed; the container is brought back at the source.
    case rollingBack(reason: String)
}
