internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// The folder of one migration, hidden beside the destination bundle, and what is in it.
struct MigrationWorkFolder: Sendable {
    let path: String

    /// Makes it, readable by root only: it will hold a container's memory.
    init(id: String, beside bundle: String, criu: CRIUInstallation) throws {
        let parent = bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } ?? "."
        path = "\(parent.isEmpty ? "/" : parent)/.migrate-\(id)-\(UInt32.random(in: 0 ... .max))"
        do {
            try Files.makeFolder(path)
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
    var sourceImages: String { "\(path)/source-images" }
    /// CRIU's log and statistics of the dump.
    var sourceWork: String { "\(path)/source-work" }
    /// The page sets and images at the destination.
    var store: String { "\(path)/store" }
    var destinationWork: String { "\(path)/destination-work" }
    /// Holds `criu`, for the runtime's `PATH`.
    var criuFolder: String { "\(path)/bin" }

    /// For holding the dump.
    var hold: String { "\(path)/hold" }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
