internal import Bundles
internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// CRIU drops all packets of a container's connections while it dumps. A CRIU that is killed, or whose container is,
/// leaves its rules behind, and the connections silent for good.
struct NetworkLock: Sendable {
    /// CRIU's own packets bear this mark, and pass.
    private static let mark = "! --mark 0xc114"

    /// Keeps the network namespace, also after the container's end.
    private let namespace: Descriptor
    private let connections: Set<Connection>

    /// In a network namespace that is not this process's, CRIU drops everything with a chain of its own.
    private let hasChain: Bool

    /// The lock that a dump of a running container makes.
    init?(of container: Container) {
        let path = "/proc/\(container.pid)/ns/net"
        guard let namespace = try? Descriptor.open(path, O_RDONLY) else { return nil }
        self.namespace = namespace
        connections = Self.connections(of: container.pid)
        hasChain = Files.identity(of: path) != Files.identity(of: "/proc/self/ns/net")
    }

    /// Removes what a dead CRIU has left: its table, or its rules about these connections and its chain.
    /// - Parameter work: the work folder of the dump.
    func clear(ofDumpIn work: String) async {
        await NetworkLockTable.remove(ofDumpIn: work, namespace: namespace)
        guard hasChain || !connections.isEmpty else { return }
        await Self.edit(namespace: "/proc/\(getpid())/fd/\(namespace.raw)") { rules in
            rules.filter { Self.isLock($0, of: connections) }.map(Self.deletion)
                + (hasChain ? Self.deletions(ofChainIn: rules) : [])
        }
    }

    /// Removes what a restore that failed has left in the network namespace that a bundle names by its path.
    static func clearChain(ofBundle path: String) async {
        let namespaces = (try? OCIBundle(at: path).spec())?.linux?.namespaces ?? []
        guard let namespace = namespaces.first(where: { $0.type == "network" })?.path else { return }
        await edit(namespace: namespace) { deletions(ofChainIn: $0) }
    }

    /// Of a chain that drops everything (CRIU `net.c`, `network_lock_internal`). CRIU takes it away only where a restore
    /// succeeds, or where it undoes a dump itself.
    static func deletions(ofChainIn rules: [Substring]) -> [[String]] {
        // Exactly CRIU's own: its two lines and the two that lead to it.
        guard rules.contains("-A CRIU -m mark --mark 0xc114 -j ACCEPT"), rules.contains("-A CRIU -j DROP") else {
            return []
        }
        return rules.filter { $0.hasSuffix(" -j CRIU") }.map(deletion) + [["-F", "CRIU"], ["-X", "CRIU"]]
    }

    private static func deletion(_ rule: Substring) -> [String] {
        ["-D"] + rule.split(separator: " ").dropFirst().map(String.init)
    }

    /// Changes the packet filter of a network namespace.
    /// - Parameter changes: from the rules, as `iptables-save` prints them, to arguments of `iptables`.
    private static func edit(namespace: String, _ changes: ([Substring]) -> [[String]]) async {
        guard let nsenter = Tool.find("nsenter") else { return }
        let enter = Tool(path: nsenter)
        let here = ["--net=\(namespace)"]
        for family in ["iptables", "ip6tables"] {
            guard let save = Tool.find("\(family)-save"), let change = Tool.find(family) else { continue }
            guard let rules = try? await enter.run(here + [save, "-t", "filter"]), rules.succeeded else { continue }
            for words in changes(rules.output.split(separator: "\n")) {
                _ = try? await enter.run(here + [change, "-t", "filter"] + words)
            }
        }
    }

    /// The ports of a connection, the container's own first.
    struct Connection: Hashable, Sendable {
        var local: Int
        var remote: Int
    }

    /// Whether a line of `iptables-save` is CRIU's rule about one of these connections.
    static func isLock(_ rule: Substring, of connections: Set<Connection>) -> Bool {
        guard rule.hasPrefix("-A "), rule.hasSuffix(" -j DROP"), rule.contains(mark) else { return false }
        let words = rule.split(separator: " ").map(String.init)
        func port(_ option: String) -> Int? {
            words.firstIndex(of: option).flatMap { words.dropFirst($0 + 1).first }.flatMap { Int($0) }
        }
        guard words.count > 2, let source = port("--sport"), let destination = port("--dport") else { return false }
        switch words[1] {
        case "INPUT": return connections.contains(Connection(local: destination, remote: source))
        case "OUTPUT": return connections.contains(Connection(local: source, remote: destination))
        default: return false
        }
    }

    /// Whether a container's processes have TCP connections; listening is none.
    static func hasConnections(_ root: Int32) -> Bool { connections(of: root).contains { $0.remote != 0 } }

    /// The TCP connections of a container's processes.
    private static func connections(of root: Int32) -> Set<Connection> {
        let processes = (try? ContainerProcess.tree(below: root)) ?? []
        let sockets = Set(
            processes.flatMap { process in
                ((try? Files.names(in: "/proc/\(process.pid)/fd")) ?? []).compactMap {
                    Files.linkTarget("/proc/\(process.pid)/fd/\($0)")
                }
            })
        let tables = ["tcp", "tcp6"].map { Files.text(of: "/proc/\(root)/net/\($0)") ?? "" }
        return Set(
            tables.flatMap { $0.split(separator: "\n").dropFirst() }.compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 9, sockets.contains("socket:[\(fields[9])]"), let local = port(fields[1]),
                    let remote = port(fields[2])
                else { return nil }
                return Connection(local: local, remote: remote)
            })
    }

    /// The port of `0100007F:1F90`.
    private static func port(_ address: Substring) -> Int? {
        address.split(separator: ":").last.flatMap { Int($0, radix: 16) }
    }
}
