internal import Glibc
internal import LinuxSystem

/// What is kept of one container beside the runtime's own state: its log and how it ended. A folder, named by the
/// container's id: it stays the same wherever the container moves.
package struct ContainerRecord: Sendable {
    package let id: String
    /// The folder; there where the container was started with a log.
    package let path: String

    /// - Parameter logsFolder: of the runtime, `ContainerRuntime.logsFolder`.
    /// - Throws: `.wrongState` where the id is no name.
    init(id: String, logsFolder: String) throws(MigrateError) {
        guard !id.isEmpty, id != ".", id != "..", !id.contains("/"), !id.contains("\0") else {
            throw MigrateError(.wrongState, "'\(id)' is no container id: letters, digits and _ + - . make one")
        }
        self.id = id
        path = "\(logsFolder)/\(id)"
    }

    static let stateName = "state.json"
    static let socketName = "monitor.sock"
    static let pidName = "pid"
    /// Where the runtime's own messages go.
    var runtimeLog: String { "\(path)/runtime.json" }
    var pidFile: String { "\(path)/\(Self.pidName)" }

    package var exists: Bool { Files.exists("\(path)/\(Self.stateName)") }

    /// What the monitor has written last; nil where there is none.
    package var state: MonitorState? {
        (try? Files.contents(of: "\(path)/\(Self.stateName)", limit: 1 << 16)).flatMap { MonitorState(json: $0) }
    }

    /// Replaces the state; for the monitor, and for others where there is none.
    static func write(_ state: MonitorState, in folder: Descriptor) throws(SystemError) {
        let next = ".\(stateName)"
        try Descriptor.open(next, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o600, in: folder)
            .write(all: state.json)
        try retrying("write", stateName) { renameat(folder.raw, next, folder.raw, stateName) }
    }

    /// Whether a monitor is at work: it holds a lock on the folder as long as it lives.
    package var isMonitored: Bool {
        guard let folder = try? open() else { return false }
        defer { folder.unlock() }
        return (try? folder.tryLock(exclusive: false)) == false
    }

    func open() throws(SystemError) -> Descriptor { try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }

    /// Removes log and state, once the monitor has ended; it is given some seconds.
    package func remove() throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while isMonitored, .now < deadline { usleep(5000) }
        do {
            let parent = try Descriptor.open(Self.parent(of: path), O_RDONLY | O_DIRECTORY)
            try parent.removeTree(FileName(id))
            // Only where no other container has a record.
            rmdir(Self.parent(of: path))
        } catch {
            if error.isMissing { return }
            throw MigrateError(.toolFailed, "cannot remove the log of container \(id)", cause: error)
        }
    }

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

extension ContainerRuntime {
    /// Where records of this runtime's containers are: beside its state folder where one was chosen, else in
    /// `/var/log/bundletool`, or the user's own state folder.
    package var logsFolder: String {
        if let stateFolder = command.stateFolder { return "\(stateFolder).logs" }
        if geteuid() == 0 { return "/var/log/bundletool/\(name)" }
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let state = variable("XDG_STATE_HOME") ?? "\(variable("HOME") ?? "/tmp")/.local/state"
        return "\(state)/bundletool/\(name)"
    }

    /// The record of a container, whether there is one or not.
    package func record(of id: String) throws(MigrateError) -> ContainerRecord {
        try ContainerRecord(id: id, logsFolder: logsFolder)
    }
}
