/// How the memory of a container is restored from images that lie at the destination already.
package enum RestoreChoice: String, Sendable, Codable, CaseIterable {
    /// The one that the client waits less for.
    case auto
    /// CRIU reads all of it before the container goes on.
    case eager
    /// The container goes on at once; pages come when they are asked for, and all others in the background.
    case lazy

    /// Private memory, in pages, from which on `auto` is lazy. By Benchmarks/restore.sh, a server of 16 MB was silent 1.2
    /// times as long as with an eager restore, one of 64 MB 0.8 times, one of 300 MB 0.7 times, one of 1 GB 0.6 times.
    static let leastPages = (64 << 20) / Page.size

    /// Whether a restore of such images is to be lazy.
    func isLazy(_ figures: LazyImages.Figures) -> Bool {
        switch self {
        case .eager: false
        case .lazy: figures.lazy > 0
        case .auto:
            // Pages that forked processes share would be there once for each of them.
            figures.lazy >= Self.leastPages && figures.lazy >= figures.eager
                && figures.inherited * 10 <= figures.lazy
        }
    }
}
