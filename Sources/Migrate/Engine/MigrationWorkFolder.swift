internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// The folder of one migration, hidden beside the destination bundle, and what is in it.
struct MigrationWorkFolder: Sendable {
    let path: String
    /// Held as long as this value: a work folder without a lock is what a killed migration left.
    private let lock: Descriptor
    /// The same folder, for `PATH` and for CRIU.
    private let plain: PlainPath

    static let prefix = ".migrate-"

    /// Makes it, readable by root only: it will hold a container's memory.
    init(id: String, beside bundle: String, criu: CRIUInstallation) throws {
        try self.init(
            at: "\(Self.parent(of: bundle))/\(Self.prefix)\(id)-\(UInt32.random(in: 0 ... .max))", beside: bundle, criu)
    }

    /// The folder of a receiver that is a process of its own: found again by the migration's name.
    init(migration: String, beside bundle: String, criu: CRIUInstallation) throws {
        try self.init(at: Self.path(ofMigration: migration, beside: bundle), beside: bundle, criu)
    }

    static let receiverPrefix = ".receive-"

    static func path(ofMigration migration: String, beside bundle: String) -> String {
        "\(parent(of: bundle))/\(receiverPrefix)\(migration)"
    }

    private static func parent(of bundle: String) -> String {
        let parent = bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } ?? "."
        return parent.isEmpty ? "/" : parent
    }

    private init(at path: String, beside bundle: String, _ criu: CRIUInstallation) throws {
        self.path = path
        do {
            try Files.makeFolder(path)
            lock = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            _ = try lock.tryLock()
            plain = try PlainPath(to: path)
        } catch {
            rmdir(path)
            throw MigrateError(.toolFailed, "cannot prepare the migration beside \(bundle)", cause: error)
        }
        do {
            for folder in [sourceImages, sourceWork, store, destinationWork, criuFolder, hold] {
                try Files.makeFolder(folder)
            }
            try retrying("make the link", "\(criuFolder)/criu") { symlink(criu.path, "\(criuFolder)/criu") }
        } catch {
            remove()
            throw MigrateError(.toolFailed, "cannot prepare the migration beside \(bundle)", cause: error)
        }
    }

    /// CRIU's images at the source, without the pages.
    var sourceImages: String { "\(path)/\(Self.sourceImagesName)" }
    private static let sourceImagesName = "source-images"
    /// CRIU's log and statistics of the dump.
    var sourceWork: String { "\(path)/source-work" }
    /// The page sets and images at the destination.
    var store: String { "\(path)/store" }
    var destinationWork: String { "\(path)/destination-work" }
    /// Where the page server of a lazy restore works; there only where it is lazy.
    var filling: String { "\(path)/\(Self.fillingName)" }
    static let fillingName = "filling"
    /// Holds `criu`, for the runtime's `PATH`.
    var criuFolder: String { "\(plain.path)/bin" }
    /// For holding the dump.
    var hold: String { "\(plain.path)/hold" }

    /// Adds to the images of a dump those that have not, or not all, come to the destination yet.
    /// - Parameters:
    ///   - images: where its pages are, in the store.
    ///   - path: the work folder.
    static func completeImages(_ images: String, in path: String) throws {
        let source = "\(path)/\(sourceImagesName)"
        try TimerImage.rearm(in: source)
        for name in try Files.names(in: source) where CheckpointStore.isImageName(name) {
            let image = try Files.contents(of: "\(source)/\(name)", limit: .max)
            let copy = try? Descriptor.open("\(images)/\(name)", O_RDONLY | O_NOFOLLOW).status()
            // What is whole is not touched: the disk may be full.
            if copy.map({ Int($0.st_size) }) != image.count { try Files.write(image, to: "\(images)/\(name)") }
        }
    }

    func remove() {
        Self.remove(path)
    }

    /// Removes the container's memory, and leaves what is written down about it.
    static func removeImages(in path: String) {
        try? FileManager.default.removeItem(atPath: "\(path)/store")
    }

    /// What is being removed bears this at its end: a kill in the middle leaves nothing that could be taken for more.
    static let removedSuffix = ".removed"

    static func remove(_ path: String) {
        let gone = path.hasSuffix(removedSuffix) ? path : path + removedSuffix
        rename(path, gone)
        // A CRIU that was killed leaves cgroups mounted in its work folder; removing files would reach into them.
        guard MountPoints.clear(below: Files.canonicalPath(gone) ?? gone) else { return }
        try? FileManager.default.removeItem(atPath: gone)
    }
}
