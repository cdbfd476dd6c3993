/// How the memory of a container is restored from images that lie at the destination already.
package enum RestoreChoice: String, Sendable, Codable, CaseIterable {
    /// The one that the client waits less for.
    case auto
    /// CRIU reads all of it before the container goes on.
    case eager
    /// The container goes on at once; pages come when they are asked for, and all others in the background.
    case lazy

    /// Private memory, in pages, from which on `auto` is lazy. An estimate until Benchmarks/restore.sh says better, and
    /// so `auto` is not the default.
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
