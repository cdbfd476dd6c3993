/// The argument vectors of runc and crun, as values: what is run can be seen and tested without running it.
struct RuntimeCommand: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case runc
        case crun
    }

    let kind: Kind
    /// The runtime's state folder; nil is its own default.
    var stateFolder: String?
    /// Whether `--manage-cgroups-mode ignore` is known: runc before 1.2 lacks it.
    var canIgnoreCgroups = false

    func list() -> [String] { global + ["list", "--format", "json"] }

    func run(id: String, bundle: String, log: String, pidFile: String? = nil) -> [String] {
        global + logging(log) + ["run", "--detach", "--bundle", bundle] + naming(pidFile) + [id]
    }

    func kill(id: String, signal: String) -> [String] { global + ["kill", id, signal] }

    func delete(id: String, force: Bool) -> [String] { global + ["delete"] + (force ? ["--force"] : []) + [id] }

    /// - Parameters:
    ///   - images: where CRIU puts its images, all but the pages.
    ///   - work: where CRIU puts its log and statistics.
    ///   - pageServerPort: who takes the pages, on 127.0.0.1; where `lazy`, where CRIU offers them.
    ///   - lazy: leave the memory in the processes.
    func checkpoint(id: String, images: String, work: String, pageServerPort: UInt16, lazy: Bool) -> [String] {
        global + ["checkpoint", "--image-path", images, "--work-path", work]
            + (kind == .runc
                ? ["--page-server", "127.0.0.1:\(pageServerPort)"] + (lazy ? ["--lazy-pages"] : []) : [])
            + migrationOptions + [id]
    }

    /// What goes into CRIU's configuration for a dump, as the runtime has no flag for it.
    func dumpConfiguration(pageServerPort: UInt16, lazy: Bool) -> [String] {
        switch kind {
        case .runc: []
        case .crun: [lazy ? "lazy-pages" : "page-server", "address 127.0.0.1", "port \(pageServerPort)"]
        }
    }

    /// The folder that crun mounts over masked folders. It tells CRIU of this one in a dump, whatever its state folder
    /// is, and of that one's in a restore (crun 1.28, `register_masked_paths_mounts`).
    static let emptyFolder = "/run/crun/.empty-directory"

    /// The same for a restore.
    func restoreConfiguration(lazy: Bool) -> [String] {
        switch kind {
        case .runc: []
        case .crun:
            ["external mnt[\(Self.emptyFolder)]:\(Self.emptyFolder)"] + (lazy ? ["lazy-pages"] : [])
        }
    }

    /// - Parameter lazy: leave pages that are marked so to the server that listens in `work`.
    func restore(
        id: String, bundle: String, images: String, work: String, log: String, lazy: Bool = false,
        pidFile: String? = nil
    ) -> [String] {
        global + logging(log) + ["restore", "--detach", "--bundle", bundle]
            + ["--image-path", images, "--work-path", work] + (lazy && kind == .runc ? ["--lazy-pages"] : [])
            + naming(pidFile) + migrationOptions + [id]
    }

    /// What the runtime says of its `checkpoint` command.
    func checkpointHelp() -> [String] { ["checkpoint", "--help"] }

    func restoreHelp() -> [String] { ["restore", "--help"] }

    /// CRIU's default handling of cgroups can wipe the mount options of the host's cgroup2 (criu#3029); the runtime
    /// makes the cgroup itself.
    private var migrationOptions: [String] {
        ["--tcp-established", "--file-locks"] + (canIgnoreCgroups ? ["--manage-cgroups-mode", "ignore"] : [])
    }

    private var global: [String] { stateFolder.map { ["--root", $0] } ?? [] }

    /// Where the runtime shall write the init process's id.
    private func naming(_ pidFile: String?) -> [String] { pidFile.map { ["--pid-file", $0] } ?? [] }

    private func logging(_ path: String) -> [String] { ["--log", path, "--log-format", "json"] }
}
