/// What an archive may ask for before it is refused as a bomb.
package struct UnpackLimits: Sendable, Hashable {
    /// Bytes of all files together, holes included.
    package var bytes = 1 << 40
    /// Entries of all layers together.
    package var entries = 2_000_000
    /// How many times as large as its compressed form a stream may be, once it is larger than `ratioFrom`.
    package var ratio = 200
    /// Bytes that may be inflated before the ratio counts.
    package var ratioFrom = 1 << 30

    package init() {}
}
