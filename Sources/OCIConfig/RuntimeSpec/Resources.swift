extension RuntimeSpec {
    /// The limits of a control group.
    ///
    /// Source: config-linux.md, Control groups.
    public struct Resources: SpecObject {
        /// Which devices may be used; later rules win.
        public var devices: [DeviceRule]?
        /// Memory.
        public var memory: Memory?
        /// CPU time.
        public var cpu: CPU?
        /// How many processes.
        public var pids: Pids?
        /// Block devices.
        public var blockIO: BlockIO?
        /// Huge pages, by size.
        public var hugepageLimits: [HugepageLimit]?
        /// Traffic classes, cgroup v1.
        public var network: Network?
        /// RDMA, by device.
        public var rdma: [String: RDMA]?
        /// Files of cgroup v2 and what is written to them.
        public var unified: [String: String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Control groups"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("devices", \.devices),
            SpecField("memory", \.memory),
            SpecField("cpu", \.cpu),
            SpecField("pids", \.pids),
            SpecField("blockIO", \.blockIO),
            SpecField("hugepageLimits", \.hugepageLimits),
            SpecField("network", \.network),
            SpecField("rdma", \.rdma),
            SpecField("unified", \.unified),
        ]
    }
}

extension RuntimeSpec {
    /// A rule about the use of devices.
    ///
    /// Source: config-linux.md, Allowed Device list.
    public struct DeviceRule: SpecObject {
        /// Whether it allows or denies.
        public var allow: Bool?
        /// `a` (all), `c` or `b`; all without it.
        public var type: String?
        /// The major number; all without it.
        public var major: Int64?
        /// The minor number; all without it.
        public var minor: Int64?
        /// Of `r`, `w` and `m` (mknod).
        public var access: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Allowed Device list"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("allow", \.allow, .required),
            SpecField("type", \.type),
            SpecField("major", \.major),
            SpecField("minor", \.minor),
            SpecField("access", \.access),
        ]
    }
}

extension RuntimeSpec {
    /// Memory limits in bytes; -1 is unlimited.
    ///
    /// Source: config-linux.md, Memory.
    public struct Memory: SpecObject {
        /// The limit.
        public var limit: Int64?
        /// The soft limit.
        public var reservation: Int64?
        /// The limit of memory and swap together.
        public var swap: Int64?
        /// Deprecated: the limit of kernel memory.
        public var kernel: Int64?
        /// Deprecated: the limit of kernel TCP buffers.
        public var kernelTCP: Int64?
        /// How eagerly pages are swapped, 0 to 100.
        public var swappiness: UInt64?
        /// Whether a process that goes over waits and is not killed.
        public var disableOOMKiller: Bool?
        /// Whether children count, cgroup v1.
        public var useHierarchy: Bool?
        /// Whether an update below what is used fails and does not kill.
        public var checkBeforeUpdate: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Memory"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("limit", \.limit),
            SpecField("reservation", \.reservation),
            SpecField("swap", \.swap),
            SpecField("kernel", \.kernel),
            SpecField("kernelTCP", \.kernelTCP),
            SpecField("swappiness", \.swappiness),
            SpecField("disableOOMKiller", \.disableOOMKiller),
            SpecField("useHierarchy", \.useHierarchy),
            SpecField("checkBeforeUpdate", \.checkBeforeUpdate),
        ]
    }
}

extension RuntimeSpec {
    /// CPU time.
    ///
    /// Source: config-linux.md, CPU.
    public struct CPU: SpecObject {
        /// The relative share.
        public var shares: UInt64?
        /// How much of a period, in microseconds; -1 is unlimited.
        public var quota: Int64?
        /// How much unused quota may be saved, in microseconds.
        public var burst: UInt64?
        /// The period, in microseconds.
        public var period: UInt64?
        /// How much of a period real-time processes get, in microseconds.
        public var realtimeRuntime: Int64?
        /// The period for real-time processes, in microseconds.
        public var realtimePeriod: UInt64?
        /// The CPUs, as a list such as `0-3,7`.
        public var cpus: String?
        /// The memory nodes, as a list such as `0-3,7`.
        public var mems: String?
        /// 1 for a group that runs only when nothing else does, otherwise 0.
        public var idle: Int64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, CPU"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("shares", \.shares),
            SpecField("quota", \.quota),
            SpecField("burst", \.burst),
            SpecField("period", \.period),
            SpecField("realtimeRuntime", \.realtimeRuntime),
            SpecField("realtimePeriod", \.realtimePeriod),
            SpecField("cpus", \.cpus),
            SpecField("mems", \.mems),
            SpecField("idle", \.idle),
        ]
    }
}

extension RuntimeSpec {
    /// How many processes.
    ///
    /// Source: config-linux.md, PIDs.
    public struct Pids: SpecObject {
        /// The limit; -1 (and by convention 0) is unlimited.
        public var limit: Int64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, PIDs"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("limit", \.limit, .required)
        ]
    }
}

extension RuntimeSpec {
    /// The limit of huge pages of one size.
    ///
    /// Source: config-linux.md, Huge page limits.
    public struct HugepageLimit: SpecObject {
        /// The size, such as `2MB`.
        public var pageSize: String?
        /// In bytes.
        public var limit: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Huge page limits"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("pageSize", \.pageSize, .required),
            SpecField("limit", \.limit, .required),
        ]
    }
}

extension RuntimeSpec {
    /// Traffic classes, cgroup v1.
    ///
    /// Source: config-linux.md, Network.
    public struct Network: SpecObject {
        /// The class of the group's packets.
        public var classID: UInt32?
        /// Priorities by interface.
        public var priorities: [InterfacePriority]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Network"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("classID", \.classID),
            SpecField("priorities", \.priorities),
        ]
    }
}

extension RuntimeSpec {
    /// The priority of traffic on one interface.
    ///
    /// Source: config-linux.md, Network.
    public struct InterfacePriority: SpecObject {
        /// The interface in the runtime's network namespace.
        public var name: String?
        /// The priority.
        public var priority: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Network"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("name", \.name, .required),
            SpecField("priority", \.priority, .required),
        ]
    }
}

extension RuntimeSpec {
    /// The limits for one RDMA device.
    ///
    /// Source: config-linux.md, RDMA.
    public struct RDMA: SpecObject {
        /// How many handles.
        public var hcaHandles: UInt32?
        /// How many objects.
        public var hcaObjects: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, RDMA"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("hcaHandles", \.hcaHandles),
            SpecField("hcaObjects", \.hcaObjects),
        ]
    }
}
