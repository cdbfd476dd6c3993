internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem

/// What a receiver has written down about the container of one migration: the one place that says whose it is.
///
/// Made once and never taken back by anybody else: two processes cannot decide it differently.
struct Ownership: Codable, Sendable, Equatable {
    enum State: String, Codable, Sendable {
        /// The container is the receiver's; it has not run yet.
        case accepted
        /// It is the receiver's, and has run.
        case ran
        /// It is the source's, for good.
        case refused
    }

    var state: State
    var container: String
    /// The destination bundle, and the image folder below the work folder.
    var bundle: String
    var images: String
    /// The runtime's executable, and its state folder where that is not its default.
    var runtime: String
    var stateFolder: String?

    private static let name = "owner.json"

    /// What is written down in a work folder, or nil.
    static func read(in folder: String) throws -> Ownership? {
        guard Files.exists("\(folder)/\(name)") else { return nil }
        let bytes = try Files.contents(of: "\(folder)/\(name)", limit: 1 << 20)
        return try JSONDecoder().decode(Ownership.self, from: Data(bytes))
    }

    /// Writes it down where nothing was.
    /// - Throws: where something was.
    func claim(in folder: String) throws {
        let next = try prepare(in: folder)
        defer { unlink(next) }
        try retrying("claim the container in", folder) { link(next, "\(folder)/\(Self.name)") }
        try Descriptor.open(folder, O_RDONLY | O_DIRECTORY).sync()
    }

    /// Replaces what its owner has written before.
    func replace(in folder: String) throws {
        let next = try prepare(in: folder)
        try retrying("write down in", folder) { rename(next, "\(folder)/\(Self.name)") }
        try Descriptor.open(folder, O_RDONLY | O_DIRECTORY).sync()
    }

    private func prepare(in folder: String) throws -> String {
        let next = "\(folder)/.\(Self.name).\(getpid())"
        try Files.write([UInt8](JSONEncoder().encode(self)), to: next)
        try Descriptor.open(next, O_WRONLY).sync()
        return next
    }
}
