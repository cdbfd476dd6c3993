import ArgumentParser
import Migrate

/// `bundletool inspect-checkpoint`.
struct InspectCheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect-checkpoint",
        abstract: "Show what a folder of CRIU images holds.",
        discussion: """
            Processes, their memory, open files and sockets, the parent folders that memory is in, and how the dump was \
            made. Needs neither root nor CRIU. All pages that the images refer to have to be there.
            """)

    @Argument(help: "The folder, as CRIU or the runtime was given it.")
    var folder: String

    @Flag(help: "Also read the pages, and count those that hold zeros only.")
    var zero = false

    @Flag(help: "Print one JSON object, with every mapping and all counts in pages.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint(readingFolder: folder, countingZeros: zero)
        if json {
            print(try Output.json(checkpoint))
            return
        }
        let tables = [
            Self.origin(checkpoint), Self.processes(checkpoint), Self.memory(checkpoint), Self.files(checkpoint),
            Self.sockets(checkpoint), Self.parents(checkpoint),
        ]
        print(tables.compactMap { $0.map(Output.table) }.joined(separator: "\n\n"))
    }
}

/// The tables for a person; nil for one that would be empty.
extension InspectCheckpointCommand {
    private static func origin(_ checkpoint: Checkpoint) -> [[String]]? {
        let inventory = checkpoint.inventory
        var rows = [["images", "\(checkpoint.folder), format \(inventory.imageVersion)"]]
        if let hostname = checkpoint.hostname { rows.append(["hostname", hostname]) }
        rows.append(["security module", inventory.securityModule])
        let lock = inventory.networkLock.map { ", packets held back by \($0)" } ?? ""
        rows.append(["TCP connections", (inventory.closesTCP ? "closed" : "kept") + lock])
        if let dump = checkpoint.statistics?.dump {
            rows.append(["frozen for", milliseconds(dump.frozen)])
            rows.append(["reading memory took", milliseconds(dump.readingMemory)])
        }
        if let restore = checkpoint.statistics?.restore {
            rows.append(["restore took", milliseconds(restore.restoring)])
        }
        return rows
    }

    private static func processes(_ checkpoint: Checkpoint) -> [[String]]? {
        if checkpoint.processes.isEmpty { return nil }
        var depths: [UInt32: Int] = [:]
        let rows = checkpoint.processes.map { process in
            let depth = depths[process.parent].map { $0 + 1 } ?? 0
            depths[process.pid] = depth
            // A chain of processes can be longer than a line.
            let indent = String(repeating: "  ", count: min(depth, 20))
            return [
                "\(process.pid)", "\(process.parent)", "\(process.group)", "\(process.session)",
                "\(process.threads.count)",
                process.state ?? "-", process.user.map { "\($0)" } ?? "-",
                indent + (process.name ?? "-") + (process.executable.map { " (\($0))" } ?? ""),
            ]
        }
        return [["PID", "PPID", "PGID", "SID", "THREADS", "STATE", "UID", "PROCESS"]] + rows
    }

    private static func memory(_ checkpoint: Checkpoint) -> [[String]]? {
        var rows: [[String]] = []
        for process in checkpoint.processes {
            guard let memory = process.memory else { continue }
            rows.append(["\(process.pid)", "\(memory.areas.count)", bytes(memory.mapped)] + columns(memory.pages))
        }
        for memory in checkpoint.sharedMemory {
            rows.append(["shared \(memory.id)", "-", "-"] + columns(memory.pages))
        }
        if rows.isEmpty { return nil }
        return [["MEMORY OF", "AREAS", "MAPPED", "PRESENT", "IN PARENT", "LAZY", "ZERO"]] + rows
    }

    private static func files(_ checkpoint: Checkpoint) -> [[String]]? {
        let rows = checkpoint.processes.flatMap { process in
            process.files.map { ["\(process.pid)", "\($0.descriptor)", $0.type, $0.description] }
        }
        return rows.isEmpty ? nil : [["PID", "FD", "TYPE", "FILE"]] + rows
    }

    private static func sockets(_ checkpoint: Checkpoint) -> [[String]]? {
        let rows = checkpoint.sockets.map { socket in
            [
                socket.family, socket.type ?? "-", socket.protocol ?? "-", socket.state ?? "-",
                socket.local ?? socket.inode.map { "socket \($0)" } ?? "-",
                socket.remote ?? socket.peer.map { "socket \($0)" } ?? "-",
                socket.users.map { "\($0.pid)/\($0.descriptor)" }.joined(separator: " "),
            ]
        }
        return rows.isEmpty ? nil : [["SOCKET", "TYPE", "PROTOCOL", "STATE", "LOCAL", "REMOTE", "PID/FD"]] + rows
    }

    private static func parents(_ checkpoint: Checkpoint) -> [[String]]? {
        let rows = checkpoint.parents.map { [$0.folder] + columns($0.pages).prefix(2) }
        return rows.isEmpty ? nil : [["PARENT", "PRESENT", "IN PARENT"]] + rows
    }

    private static func columns(_ pages: Checkpoint.Pages) -> [String] {
        [pages.present, pages.inParent, pages.lazy].map { bytes($0 &* Checkpoint.pageSize) }
            + [pages.zero.map { bytes($0 &* Checkpoint.pageSize) } ?? "-"]
    }

    private static func bytes(_ count: UInt64) -> String { ByteCount(count).description }

    private static func milliseconds(_ microseconds: UInt64) -> String {
        Output.seconds(Double(microseconds) / 1_000_000)
    }
}
