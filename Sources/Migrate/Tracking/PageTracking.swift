/// How the pages are found that a container changes while its memory is sent.
package enum PageTracking: String, Sendable, Codable, CaseIterable {
    /// All pages are read and compared by their hashes with what the destination has. Works on every kernel.
    case content
    /// The kernel marks the pages that are written (`CONFIG_MEM_SOFT_DIRTY`): only those are read again.
    case softDirty = "soft-dirty"

    /// The best one that the running kernel has.
    /// - Parameter wanted: nil leaves it to us.
    /// - Throws: `.unsupported` where the kernel has not what is wanted.
    static func choose(_ wanted: PageTracking?) throws(MigrateError) -> PageTracking {
        switch wanted {
        case .content: return .content
        case .softDirty:
            if SoftDirty.isSupported { return .softDirty }
            throw MigrateError(
                .wrongState,
                "this kernel does not mark changed pages (CONFIG_MEM_SOFT_DIRTY), so soft-dirty tracking cannot work; "
                    + "leave --tracking away, or take --tracking content, which works on every kernel")
        case nil: return SoftDirty.isSupported ? .softDirty : .content
        }
    }
}
