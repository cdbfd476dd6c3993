internal import LinuxSystem

/// What one layer has put into the rootfs itself: its whiteouts leave that alone, in whatever order they stand.
///
/// Names are kept as hashes of 64 bits, seeded anew in each process: 16 bytes an entry instead of a path.
final class LayerRecord {
    /// Whether there are layers below; if not, there is nothing to hide and nothing to keep in mind.
    let hasLower: Bool
    private var touched: Set<Int> = []
    private var folders: Set<FileIdentity> = []

    init(hasLower: Bool) {
        self.hasLower = hasLower
    }

    private func key(_ name: FileName, _ folder: FileIdentity) -> Int {
        var hasher = Hasher()
        hasher.combine(folder)
        hasher.combine(name)
        return hasher.finalize()
    }

    func touch(_ name: FileName, in folder: FileIdentity) {
        if hasLower { touched.insert(key(name, folder)) }
    }

    func has(_ name: FileName, in folder: FileIdentity) -> Bool {
        !hasLower || touched.contains(key(name, folder))
    }

    /// The layer has an entry for this folder, so that its metadata is the layer's.
    func own(_ folder: FileIdentity) {
        if hasLower { folders.insert(folder) }
    }

    func owns(_ folder: FileIdentity) -> Bool { folders.contains(folder) }
}
