internal import Bundles
internal import Glibc
internal import LinuxSystem

/// What CRIU needs of the machine.
struct MachineChecks: Sendable {
    let criu: CRIUInstallation
    /// Whether the container has TCP connections.
    let hasConnections: Bool

    func problems() async throws -> [String] {
        var found: [String] = []
        if let problem = Self.versionProblem(criu: criu.version, kernel: Self.kernel) {
            found.append(problem)
        } else if let objection = try await criu.objection() {
            found.append(
                "CRIU \(criu.version), \(criu.path), does not work on this kernel (\(objection)): scripts/setup.sh run "
                    + "(make setup) provides one that fits")
        }
        if hasConnections, Tool.find("iptables-restore") == nil {
            found.append("CRIU needs iptables to hold the container's TCP connections: apt-get install iptables")
        }
        return found
    }

    private static var kernel: String {
        (Files.text(of: "/proc/sys/kernel/osrelease") ?? "").split(separator: "\n").first.map(String.init) ?? ""
    }

    /// Older ones pass their own check on newer kernels, and fail in the middle of a dump: unknown socket options.
    static func versionProblem(criu: String, kernel: String) -> String? {
        guard isAtLeast(kernel, [6, 13]), !isAtLeast(criu, [4, 2]) else { return nil }
        return "CRIU \(criu) fails on kernels after 6.12, and this is \(kernel): scripts/setup.sh run (make setup) "
            + "provides one that fits, --criu names another"
    }

    /// The source's copy is still there when the container is restored.
    /// - Parameters:
    ///   - needed: bytes of memory that the container has.
    ///   - meminfo: the contents of /proc/meminfo (proc_meminfo(5)).
    ///   - cache: of ZFS's arcstats, whose cache the kernel does not count as available though it is given back.
    static func memoryProblem(needed: Int, meminfo: String?, cache: String? = nil) -> String? {
        let values = numbers(in: meminfo, field: 1)
        guard let available = values["MemAvailable:"] else { return nil }
        let cached = numbers(in: cache, field: 2)
        let free = (available + (values["SwapFree:"] ?? 0)) * 1024 + (cached["size"] ?? 0) - (cached["c_min"] ?? 0)
        guard free < needed else { return nil }
        return "the container has \(ByteCount(needed)) of memory, and \(ByteCount(free)) are free, with swap: make room"
    }

    /// The numbers in a table, by the first word of their lines.
    private static func numbers(in table: String?, field: Int) -> [Substring: Int] {
        (table ?? "").split(separator: "\n").reduce(into: [:]) { values, line in
            let fields = line.split(separator: " ")
            if fields.count > field, let value = Int(fields[field]) { values[fields[0]] = value }
        }
    }

    /// A newer CRIU reads what an older one has written, and not the other way round.
    static func ageProblem(criu: String, source: String) -> String? {
        let needed = source.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) ?? 0 }
        if isAtLeast(criu, needed) { return nil }
        return
            "CRIU \(criu) is older than the source's \(source), whose images it need not understand: install one that "
            + "is as new (scripts/setup.sh run), or name one with --criu"
    }

    static func isAtLeast(_ version: String, _ least: [Int]) -> Bool {
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return !numbers.lexicographicallyPrecedes(least)
    }
}

/// What root may do here.
enum Privilege {
    /// CAP_SYS_RESOURCE: without it the limits of other users' processes cannot be read.
    static var canReadLimits: Bool {
        (ProcessStatus(of: getpid())?.set("CapEff") ?? 0) & 1 << 24 != 0
    }
}
