internal import Bundles
internal import Glibc
internal import LinuxSystem

/// What happens to the destination's rootfs.
package enum RootfsChoice: String, Sendable, CaseIterable {
    /// It becomes as the source's is, where one bundle is a clone of the other; else it has to fit as it is.
    case auto
    /// It becomes as the source's is, whatever it was.
    case sync
    /// It stays as it is.
    case keep
}

/// Brings what a container has written into its rootfs to the destination's: while the container runs, and the rest
/// while it is stopped, so that processes find there what they have left here.
final class RootfsSync: Sendable {
    private let mirror: TreeMirror
    private let root: Int32

    /// - Parameter root: the container's first process.
    /// - Returns: nil where there is nothing to do: the two share a rootfs, or the choice is to leave it.
    init?(from source: OCIBundle, to destination: OCIBundle, root: Int32, choice: RootfsChoice) throws {
        guard choice != .keep, try choice == .sync || Self.areRelatives(source, destination) else { return nil }
        let (from, to) = try (source.openRootfs(), destination.openRootfs())
        if try from.status().identity == to.status().identity { return nil }
        mirror = try TreeMirror(of: from, in: to)
        self.root = root
    }

    /// Whether one bundle is a clone of the other, or both are of a third.
    static func areRelatives(_ one: OCIBundle, _ other: OCIBundle) throws -> Bool {
        let (first, second) = try (one.origin(), other.origin())
        return first == other.path || second == one.path || (first != nil && first == second)
    }

    /// Brings over what has changed since the last time; on disk when this returns. Blocks.
    /// - Parameter isCancelled: asked now and then; true ends it with an error.
    func pass(isCancelled: @escaping () -> Bool = { false }) throws -> TreeMirror.Changes {
        // None are left where the container has ended for the sake of the move.
        let processes = (try? ContainerProcess.tree(below: root)) ?? []
        return try mirror.pass(mapped: Self.mappedFiles(of: processes), isCancelled: isCancelled)
    }

    /// Brings over what has changed since the last time, until there is little left. Blocks.
    func catchUp(isCancelled: @escaping () -> Bool) throws -> TreeMirror.Changes {
        var all = TreeMirror.Changes()
        for _ in 1...Self.mostPasses {
            let start = ContinuousClock.now
            all += try pass(isCancelled: isCancelled)
            if .now - start < Self.shortPass { break }
        }
        return all
    }

    private static let mostPasses = 5
    private static let shortPass = Duration.milliseconds(200)

    /// A pass on a thread of its own.
    func begin() throws -> BackgroundWork<TreeMirror.Changes> {
        try BackgroundWork("files") { try self.pass() }
    }

    /// The files that the processes can write through shared mappings.
    static func mappedFiles(of processes: [ContainerProcess]) -> Set<FileIdentity> {
        var found: Set<FileIdentity> = []
        for process in processes {
            for line in (Files.text(of: "/proc/\(process.pid)/maps") ?? "").split(separator: "\n") {
                let fields = line.split(separator: " ", maxSplits: 5)
                guard fields.count > 5, fields[1].dropFirst().first == "w", fields[1].hasSuffix("s"), fields[4] != "0"
                else { continue }
                // The kernel pads the addresses there, and not here.
                let range = fields[0].split(separator: "-").map { $0.drop { $0 == "0" } }.joined(separator: "-")
                var status = stat()
                if stat("/proc/\(process.pid)/map_files/\(range)", &status) == 0 { found.insert(status.identity) }
            }
        }
        return found
    }
}
