/// What a CRIU image folder holds: the processes of a container that was dumped, with their memory, files and sockets.
package struct Checkpoint: Encodable, Sendable {
    /// Bytes in a page.
    package static let pageSize = UInt64(Page.size)

    /// The folder that was read.
    package let folder: String
    package let inventory: Inventory
    /// The name of the machine that the container saw.
    package let hostname: String?
    /// The folders that hold memory which this one refers to, nearest first.
    package let parents: [Parent]
    /// In the order of the image: parents before their children.
    package let processes: [Process]
    /// Memory that several processes map: shared anonymous mappings, memfds, SysV segments.
    package let sharedMemory: [SharedMemory]
    package let sockets: [Socket]
    /// What CRIU measured, where its statistics are in the folder.
    package let statistics: Statistics?

    /// Reads the images of a folder. What CRIU would not write is an error; memory stays bounded whatever they hold.
    /// - Parameters:
    ///   - path: the folder, as it was given to `--images-dir` or `--image-path`.
    ///   - countingZeros: also reads the pages, and counts those that hold zeros only.
    /// - Throws: `.malformed` with the file's name, or what the system says.
    package init(readingFolder path: String, countingZeros: Bool = false) throws {
        let images = try ImageFolder(path)
        guard let inventory = try images.record("inventory.img", .inventory, Inventory.init) else {
            throw MigrateError(.malformed, "\(path) is no folder of CRIU images: it has no inventory.img")
        }
        folder = path
        self.inventory = inventory
        hostname =
            try images.numbers(of: "utsns").first
            .flatMap { try images.record("utsns-\($0).img", .uts) { try $0.text(1) } } ?? nil
        let memory = try MemoryImages(images, countingZeros: countingZeros)
        var files = try FileTable(images)
        processes = try Process.all(images, memory, &files)
        sharedMemory = try memory.shared()
        sockets = try files.sockets(images)
        parents = try memory.parents()
        statistics = try Statistics(images)
    }
}
