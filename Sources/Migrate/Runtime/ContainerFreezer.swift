internal import Glibc
internal import LinuxSystem

/// The cgroup freezer of a container, of either version.
///
/// A dump holds processes by tracing them, which ends with the tracer: frozen besides, they stay where they are also
/// when CRIU is killed.
struct ContainerFreezer: Sendable {
    let file: String
    let isUnified: Bool
    var words: (freeze: String, thaw: String) { isUnified ? ("1", "0") : ("FROZEN", "THAWED") }

    /// The freezer of the cgroup that process `pid` is in; nil where it has none of its own, or this process is in it
    /// too.
    init?(pid: Int32) {
        guard let text = Files.text(of: "/proc/\(pid)/cgroup"), let mine = Files.text(of: "/proc/self/cgroup"),
            let mounts = Files.text(of: "/proc/self/mountinfo"),
            let found = Self.file(cgroups: text, mounts: mounts), Files.exists(found.path)
        else { return nil }
        file = found.path
        isUnified = found.unified
        // Whoever freezes it has to be there to thaw it.
        if let here = Self.file(cgroups: mine, mounts: mounts)?.path, here.hasPrefix("\(folder)/") { return nil }
    }

    /// Freezes its processes. Those that a tracer holds count as frozen at once, and stay where they are without it.
    /// - Throws: `ETIMEDOUT` where they are not at `deadline`; they may be later.
    func freeze(until deadline: ContinuousClock.Instant) throws {
        try write(words.freeze)
        while !isFrozen {
            guard .now < deadline else { throw SystemError(code: ETIMEDOUT, operation: "freeze the container") }
            usleep(20)
        }
    }

    func thaw() throws { try write(words.thaw) }

    /// Ends a frozen container without one of its processes running again. Others that are in its cgroup go on.
    /// - Parameter root: the container's first process.
    func end(below root: Int32) throws {
        // Where that one has ended, the runtime ends the rest.
        for process in (try? ContainerProcess.tree(below: root)) ?? [] { kill(process.pid, SIGKILL) }
        // Version 1 lets them die only now.
        try thaw()
    }

    /// Whether all of its processes are.
    var isFrozen: Bool { Files.text(of: state.file)?.contains(state.word) == true }

    /// The file that says whether it is frozen, and how.
    var state: (file: String, word: String) {
        isUnified ? ("\(folder)/cgroup.events", "frozen 1") : (file, "FROZEN")
    }

    var folder: String { file.lastIndex(of: "/").map { String(file[..<$0]) } ?? file }

    private func write(_ word: String) throws {
        try Descriptor.open(file, O_WRONLY).write(all: Array(word.utf8))
    }

    /// Where the freezer of a process is, by its /proc/PID/cgroup (cgroups(7)) and our mount table. The root cgroup is
    /// everybody's and has none.
    static func file(cgroups: String, mounts: String) -> (path: String, unified: Bool)? {
        var paths: [Substring: Substring] = [:]
        for line in cgroups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2] != "/", !fields[2].hasPrefix("/..") else { continue }
            for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[controller] = fields[2]
            }
        }
        var unified: String?
        for line in mounts.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let mount = halves[0].split(separator: " ")
            let type = halves[1].split(separator: " ")
            guard mount.count > 4, mount[3] == "/", type.count > 2 else { continue }
            if type[0] == "cgroup", type[2].split(separator: ",").contains("freezer"), let path = paths["freezer"] {
                return ("\(mount[4])\(path)/freezer.state", false)
            }
            if type[0] == "cgroup2", let path = paths[""] { unified = "\(mount[4])\(path)/cgroup.freeze" }
        }
        return unified.map { ($0, true) }
    }
}
