internal import Glibc
internal import LinuxSystem

/// What about a container's processes CRIU cannot dump, or would lose.
struct ProcessChecks {
    let root: Int32
    let tree: [ContainerProcess]

    func problems() throws -> [String] {
        var found: [String] = []
        let namespaces = Self.namespaces(of: root)
        let canReadLimits = Privilege.canReadLimits
        for process in tree {
            let status = ProcessStatus(of: process.pid)
            let name = Preflight.name(process)
            if let tracer = status?["TracerPid"], tracer != "0" {
                found.append("\(name) is traced by the host's process \(tracer): end the debugger first")
            }
            let users = status?["Uid"]?.split(separator: "\t").compactMap { UInt32($0) } ?? []
            let inner = Self.namespaces(of: process.pid)
            if !canReadLimits, ContainerProcess.isAlive(process.pid),
                inner["user"] == Self.namespaces(of: getpid())["user"],
                let user = users.first(where: { $0 != geteuid() })
            {
                found.append(
                    "\(name) runs as user \(user), and root lacks CAP_SYS_RESOURCE here, without which CRIU cannot "
                        + "read other users' limits: give it back, or run the container as root")
            }
            // A zombie has none any more.
            for kind in ["pid", "user", "ipc", "uts", "time"]
            where inner[kind] != nil && inner[kind] != namespaces[kind] {
                found.append("\(name) has a \(kind) namespace of its own, which CRIU does not dump: end it first")
            }
            found += mappingProblems(of: process, name)
        }
        return found + foreigners() + connectionProblems(namespaces)
    }

    private func mappingProblems(of process: ContainerProcess, _ name: String) -> [String] {
        let maps = Files.text(of: "/proc/\(process.pid)/maps") ?? ""
        let files = Set(maps.split(separator: "\n").compactMap { Self.file($0) })
        return files.sorted().compactMap { file in
            if file.hasPrefix("/secretmem") {
                return "\(name) has secret memory (memfd_secret), which nobody else may read"
            }
            let isDevice = file.hasPrefix("/dev/") && !file.hasPrefix("/dev/zero") && !file.hasPrefix("/dev/shm/")
            return isDevice && !file.hasSuffix("(deleted)")
                ? "\(name) has the device \(file) in its memory, which CRIU does not carry" : nil
        }
    }

    /// The sixth field of a line of `maps`, where it is a path.
    private static func file(_ line: Substring) -> String? {
        let fields = line.split(separator: " ", maxSplits: 5)
        guard fields.count > 5 else { return nil }
        let path = fields[5].drop { $0 == " " }
        return path.hasPrefix("/") ? String(path) : nil
    }

    /// Processes that were put into the container from outside: no children of its first one, and so not moved, and
    /// ended with it.
    private func foreigners() -> [String] {
        guard let mine = Files.linkTarget("/proc/\(root)/ns/pid"), mine != Files.linkTarget("/proc/self/ns/pid") else {
            return []
        }
        let known = Set(tree.map(\.pid))
        let all = ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }
        return all.compactMap { pid in
            // What was born since the tree was read hangs below it.
            guard !known.contains(pid), Files.linkTarget("/proc/\(pid)/ns/pid") == mine, ContainerProcess.isAlive(pid),
                (try? ContainerProcess.tree(below: root))?.contains(where: { $0.pid == pid }) == false
            else { return nil }
            let command = (Files.text(of: "/proc/\(pid)/comm") ?? "").filter { $0 != "\n" }
            return
                "the host's process \(pid) (\(command)) was started in the container from outside (exec), and would be "
                + "lost: end it first"
        }
    }

    /// Restoring a connection needs a privilege over its network namespace, which a user namespace may lack.
    private func connectionProblems(_ namespaces: [String: String]) -> [String] {
        let here = Self.namespaces(of: getpid())
        guard namespaces["user"] != here["user"], namespaces["net"] == here["net"], NetworkLock.hasConnections(root)
        else {
            return []
        }
        return [
            "its processes are in a user namespace and have TCP connections in the host's network, which CRIU may not "
                + "restore from there: close them first, or run the container without a user namespace"
        ]
    }

    private static func namespaces(of pid: Int32) -> [String: String] {
        var found: [String: String] = [:]
        for kind in ["pid", "user", "ipc", "uts", "time", "net"] {
            found[kind] = Files.linkTarget("/proc/\(pid)/ns/\(kind)")
        }
        return found
    }
}
