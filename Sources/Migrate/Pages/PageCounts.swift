/// How the pages of a set came to the destination.
package struct PageCounts: Codable, Sendable, Equatable {
    /// Crossed as they are.
    package var sent = 0
    /// Named only: as they were at the same address.
    package var unchanged = 0
    /// Named only: full of zeros.
    package var zero = 0
    /// Named only: the destination had the same content from another address, or an earlier time.
    package var copied = 0
    /// Those of the pages that crossed that were compressed.
    package var packed = 0

    package init() {}
}
