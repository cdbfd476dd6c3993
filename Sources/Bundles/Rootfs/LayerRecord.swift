internal import LinuxSystem

/// What one layer has put into the rootfs itself: its whiteouts leave that alone, in whatever order they stand.
///
/// Names are kept as hashes of 64 bits, seeded anew in each process: 10 to 17 bytes an entry instead of a path.
final class LayerRecord {
    /// Whether there are layers below; if not, there is nothing to hide and nothing to keep in mind.
    let hasLower: Bool
    private var hashes = CompactTable<Bool>()

    init(hasLower: Bool) {
        self.hasLower = hasLower
    }

    private func key(_ name: FileName, _ folder: FileIdentity) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(folder)
        hasher.combine(name)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// No name is empty.
    private func key(_ folder: FileIdentity) -> UInt64 { key(FileName(""), folder) }

    func touch(_ name: FileName, in folder: FileIdentity) {
        if hasLower { hashes.set(key(name, folder), to: true) }
    }

    func has(_ name: FileName, in folder: FileIdentity) -> Bool {
        !hasLower || hashes[key(name, folder)] != nil
    }

    /// The layer has an entry for this folder, so that its metadata is the layer's.
    func own(_ folder: FileIdentity) {
        if hasLower { hashes.set(key(folder), to: true) }
    }

    func owns(_ folder: FileIdentity) -> Bool { hashes[key(folder)] != nil }
}
