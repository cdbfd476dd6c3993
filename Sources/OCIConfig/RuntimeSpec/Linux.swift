extension RuntimeSpec {
    /// What only Linux has.
    ///
    /// Source: config-linux.md, Linux Container Configuration.
    public struct Linux: SpecObject {
        /// The namespaces that are made or joined; the runtime's own are kept for all others.
        public var namespaces: [Namespace]?
        /// The user ids of the user namespace.
        public var uidMappings: [IDMapping]?
        /// The group ids of the user namespace.
        public var gidMappings: [IDMapping]?
        /// How the clocks `monotonic` and `boottime` differ in the time namespace.
        public var timeOffsets: [String: TimeOffset]?
        /// Device nodes that must be there.
        public var devices: [Device]?
        /// Network devices of the host, by name, that move into the container.
        public var netDevices: [String: NetDevice]?
        /// Where the control group is.
        public var cgroupsPath: String?
        /// The limits of the control group.
        public var resources: Resources?
        /// Kernel parameters, as sysctl(8) names them.
        public var sysctl: [String: String]?
        /// Which system calls are allowed.
        public var seccomp: Seccomp?
        /// How mounts of the root propagate.
        public var rootfsPropagation: String?
        /// Paths in the container that cannot be read.
        public var maskedPaths: [String]?
        /// Paths in the container that cannot be written.
        public var readonlyPaths: [String]?
        /// The SELinux context of the mounts.
        public var mountLabel: String?
        /// Intel's cache and bandwidth allocation.
        public var intelRdt: IntelRdt?
        /// The NUMA memory policy.
        public var memoryPolicy: MemoryPolicy?
        /// The execution domain of personality(2).
        public var personality: Personality?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Linux Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("namespaces", \.namespaces),
            SpecField("uidMappings", \.uidMappings),
            SpecField("gidMappings", \.gidMappings),
            SpecField("timeOffsets", \.timeOffsets),
            SpecField("devices", \.devices),
            SpecField("netDevices", \.netDevices),
            SpecField("cgroupsPath", \.cgroupsPath),
            SpecField("resources", \.resources),
            SpecField("sysctl", \.sysctl),
            SpecField("seccomp", \.seccomp),
            SpecField("rootfsPropagation", \.rootfsPropagation, .oneOf(Linux.propagations)),
            SpecField("maskedPaths", \.maskedPaths),
            SpecField("readonlyPaths", \.readonlyPaths),
            SpecField("mountLabel", \.mountLabel),
            SpecField("intelRdt", \.intelRdt),
            SpecField("memoryPolicy", \.memoryPolicy),
            SpecField("personality", \.personality),
        ]
    }
}

extension RuntimeSpec {
    /// A namespace that is made or joined.
    ///
    /// Source: config-linux.md, Namespaces.
    public struct Namespace: SpecObject {
        /// Which kind: `pid`, `network`, `mount`, `ipc`, `uts`, `user`, `cgroup` or `time`.
        public var type: String?
        /// The namespace to join, as an absolute path; without it a new one is made.
        public var path: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Namespaces"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("type", \.type, .oneOf(Namespace.types).requiring()),
            SpecField("path", \.path),
        ]
    }
}

extension RuntimeSpec {
    /// How a clock differs in the container.
    ///
    /// Source: config-linux.md, Offset for Time Namespace.
    public struct TimeOffset: SpecObject {
        /// Seconds.
        public var secs: Int64?
        /// Nanoseconds.
        public var nanosecs: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Offset for Time Namespace"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("secs", \.secs),
            SpecField("nanosecs", \.nanosecs),
        ]
    }
}

extension RuntimeSpec {
    /// A device node in the container.
    ///
    /// Source: config-linux.md, Devices.
    public struct Device: SpecObject {
        /// `c`, `b`, `u` or `p`.
        public var type: String?
        /// Where in the container.
        public var path: String?
        /// The major number; not for `p`.
        public var major: Int64?
        /// The minor number; not for `p`.
        public var minor: Int64?
        /// The permission bits.
        public var fileMode: UInt32?
        /// The owner in the container.
        public var uid: UInt32?
        /// The group in the container.
        public var gid: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Devices"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("type", \.type, .oneOf(Device.types).requiring()),
            SpecField("path", \.path, .required),
            SpecField("major", \.major),
            SpecField("minor", \.minor),
            SpecField("fileMode", \.fileMode),
            SpecField("uid", \.uid),
            SpecField("gid", \.gid),
        ]
    }
}

extension RuntimeSpec {
    /// A network device that moves into the container.
    ///
    /// Source: config-linux.md, Network Devices.
    public struct NetDevice: SpecObject {
        /// Its name there; `%d` in it is replaced by a number.
        public var name: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Network Devices"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("name", \.name)
        ]
    }
}

extension RuntimeSpec {
    /// Intel Resource Director Technology.
    ///
    /// Source: config-linux.md, IntelRdt.
    public struct IntelRdt: SpecObject {
        /// The class of service.
        public var closID: String?
        /// The lines of the group's schemata file.
        public var schemata: [String]?
        /// The L3 cache line of the schemata file.
        public var l3CacheSchema: String?
        /// The memory bandwidth line of the schemata file.
        public var memBwSchema: String?
        /// Whether the container gets a monitoring group.
        public var enableMonitoring: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, IntelRdt"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("closID", \.closID),
            SpecField("schemata", \.schemata),
            SpecField("l3CacheSchema", \.l3CacheSchema),
            SpecField("memBwSchema", \.memBwSchema),
            SpecField("enableMonitoring", \.enableMonitoring),
        ]
    }
}

extension RuntimeSpec {
    /// The arguments of set_mempolicy(2).
    ///
    /// Source: config-linux.md, Memory policy.
    public struct MemoryPolicy: SpecObject {
        /// The mode, such as `MPOL_INTERLEAVE`.
        public var mode: String?
        /// The nodes, as a list such as `0-3,7`.
        public var nodes: String?
        /// Flags such as `MPOL_F_STATIC_NODES`.
        public var flags: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Memory policy"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("mode", \.mode, .oneOf(MemoryPolicy.modes).requiring()),
            SpecField("nodes", \.nodes),
            SpecField("flags", \.flags, .oneOf(MemoryPolicy.knownFlags)),
        ]
    }
}

extension RuntimeSpec {
    /// The execution domain.
    ///
    /// Source: config-linux.md, Personality.
    public struct Personality: SpecObject {
        /// `LINUX` or `LINUX32`.
        public var domain: String?
        /// None are defined.
        public var flags: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Personality"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("domain", \.domain, .oneOf(Personality.domains).requiring()),
            SpecField("flags", \.flags),
        ]
    }
}
