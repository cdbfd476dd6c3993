internal import Glibc
internal import LinuxSystem

/// image-spec layer.md, Whiteouts: `.wh.NAME` hides NAME of the layers below, `.wh..wh..opq` all that they have in its
/// folder. What the layer itself has is never hidden.
extension RootfsWriter {
    func whiteout(_ path: EntryPath, _ name: FileName, _ layer: LayerRecord) throws {
        let hidden = name.bytes.dropFirst(".wh.".utf8.count)
        if hidden.elementsEqual(".wh..opq".utf8) { return try hideAll(in: path.parent, layer) }
        // AUFS's own files; no image means them.
        if hidden.starts(with: ".wh.".utf8) { return }
        guard let target = FileName(hidden), ![[], [0x2e], [0x2e, 0x2e]].contains(target.bytes) else {
            throw EntryPath.Unsafe("a whiteout of nothing")
        }
        guard layer.hasLower, try existingFolder(path.parent) != nil else { return }
        try linkReady()
        let folder = try folder(path.parent)
        if try !hide(target, in: folder.descriptor, folder.identity, layer, depth: 0) { return }
        forget()
    }

    private func hideAll(in path: EntryPath, _ layer: LayerRecord) throws {
        guard layer.hasLower, try existingFolder(path) != nil else { return }
        try linkReady()
        let folder = try folder(path)
        for name in try folder.descriptor.names() {
            _ = try hide(name, in: folder.descriptor, folder.identity, layer, depth: 0)
        }
        forget()
    }

    /// Removes what lower layers have under this name.
    /// - Returns: whether nothing is left of it.
    private func hide(
        _ name: FileName, in folder: Descriptor, _ identity: FileIdentity, _ layer: LayerRecord, depth: Int
    ) throws -> Bool {
        guard let status = try folder.statusIfPresent(of: name) else { return true }
        if status.kind != .directory {
            if layer.has(name, in: identity) { return false }
            try folder.remove(name)
            return true
        }
        if depth > EntryPath.deepest { throw EntryPath.Unsafe("a whiteout of too deep a tree") }
        let inner = try folder.open(name, O_RDONLY | O_DIRECTORY)
        var isEmpty = true
        for child in try inner.names() where try !hide(child, in: inner, status.identity, layer, depth: depth + 1) {
            isEmpty = false
        }
        if layer.owns(status.identity) {
            try inner.setTimes(access: nil, modification: status.st_mtim)
            return false
        }
        if isEmpty {
            try folder.remove(name, directory: true)
            return true
        }
        // The lower layer's folder is hidden; the layer's files in it imply a new one.
        try inner.setOwner(0, 0)
        try inner.setMode(0o755)
        try inner.removeOwnAttributes()
        try inner.setTimes(access: nil, modification: .epoch)
        return false
    }
}
