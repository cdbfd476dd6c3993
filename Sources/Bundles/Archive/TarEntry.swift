/// One entry of a tar archive, all of its headers taken together.
struct TarEntry {
    enum Kind {
        case file, directory, symlink, hardlink, characterDevice, blockDevice, fifo
    }

    /// A stretch of a sparse file that holds data.
    struct Extent: Equatable {
        var offset: Int
        var count: Int
    }

    var kind = Kind.file
    /// The name as it stands in the archive: bytes in no particular encoding.
    var path: [UInt8] = []
    /// Where a symlink points, or which entry a hardlink doubles.
    var linkTarget: [UInt8] = []
    /// The lower 12 bits of the mode.
    var mode: UInt32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
    var seconds = 0
    var nanoseconds = 0
    /// The file's size once unpacked; for a sparse file larger than what the archive holds of it.
    var size = 0
    var deviceMajor: UInt32 = 0
    var deviceMinor: UInt32 = 0
    var attributes: [(name: [UInt8], value: [UInt8])] = []
    /// Where the data of a sparse file goes; `nil` if the file is not sparse.
    var extents: [Extent]?

    /// For messages; what nobody would read to its end is cut.
    var name: String {
        let text = String(decoding: path.prefix(200), as: UTF8.self)
        return path.count > 200 ? text + "…" : text
    }
}
