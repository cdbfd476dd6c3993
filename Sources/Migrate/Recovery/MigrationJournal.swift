internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// What `recover` has to know of a migration whose process has died: kept in its work folder, replaced in one step.
struct MigrationJournal: Codable, Sendable, Equatable {
    enum Phase: String, Codable, Sendable {
        /// The source decides: the container runs, or CRIU resumes it.
        case source
        /// All memory is at the destination, and all the rest there or in the images of the source, which may be gone:
        /// the images decide.
        case images
        /// The container is being handed to another receiver: who asks there knows whose it is.
        case handing
        /// The container is the receiver's; what is left of it here has to go.
        case handed
        /// The container runs at the destination, and some of its memory is still in the images.
        case filling
    }

    var version = 1
    var phase = Phase.source
    var container: String
    /// Paths of the two bundles.
    var source: String
    var destination: String
    /// The runtime's executable, and its state folder where that is not its default.
    var runtime: String
    var stateFolder: String?
    /// The image folder to restore from, below the work folder.
    var images: String?
    /// The command that starts the receiver, where it is a process of its own, and the migration's name there.
    var receiver: String?
    var migration: String?

    static let name = "journal.json"

    init(container: Container, destination: String, runtime: ContainerRuntime) {
        self.container = container.id
        source = container.bundle
        self.destination = destination
        self.runtime = runtime.path
        stateFolder = runtime.command.stateFolder
    }

    /// The journal in a work folder, or nil where there is none that can be read.
    init?(in folder: String) {
        guard let bytes = try? Files.contents(of: "\(folder)/\(Self.name)", limit: 1 << 20),
            let journal = try? JSONDecoder().decode(Self.self, from: Data(bytes)), journal.version == 1
        else { return nil }
        self = journal
    }

    /// - Parameter durably: for what has to be known also after a loss of power: who has the container.
    func write(in folder: String, durably: Bool = false) throws {
        let next = "\(folder)/.\(Self.name)"
        try Files.write([UInt8](JSONEncoder().encode(self)), to: next)
        if durably { try Descriptor.open(next, O_WRONLY).sync() }
        try retrying("write", "\(folder)/\(Self.name)") { rename(next, "\(folder)/\(Self.name)") }
        if durably { try Descriptor.open(folder, O_RDONLY | O_DIRECTORY).sync() }
    }
}
