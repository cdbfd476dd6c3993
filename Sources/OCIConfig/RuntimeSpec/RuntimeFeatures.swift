/// What a runtime's `features` command prints.
///
/// Source: features.md, Features Structure.
public struct RuntimeFeatures: SpecObject {
    /// The oldest specification that it accepts.
    public var ociVersionMin: String?
    /// The newest.
    public var ociVersionMax: String?
    /// The hooks that it knows.
    public var hooks: [String]?
    /// The mount options that it knows.
    public var mountOptions: [String]?
    /// What only Linux has.
    public var linux: LinuxFeatures?
    /// The implementation's own.
    public var annotations: [String: String]?
    /// Annotations of config.json that change how it behaves.
    public var potentiallyUnsafeConfigAnnotations: [String]?
    /// Members that the specification does not know, and explicit nulls.
    public var extra: [String: JSONValue] = [:]

    /// An object without members.
    public init() {}

    /// Where the specification describes it.
    public static let section = "features.md, Features Structure"

    /// Every member that the specification knows.
    public static let fields: [SpecField<Self>] = [
        SpecField("ociVersionMin", \.ociVersionMin, .required),
        SpecField("ociVersionMax", \.ociVersionMax, .required),
        SpecField("hooks", \.hooks),
        SpecField("mountOptions", \.mountOptions),
        SpecField("linux", \.linux),
        SpecField("annotations", \.annotations),
        SpecField("potentiallyUnsafeConfigAnnotations", \.potentiallyUnsafeConfigAnnotations),
    ]
}

extension RuntimeFeatures {
    /// A runtime's features on Linux.
    ///
    /// Source: features-linux.md, Linux Features Structure.
    public struct LinuxFeatures: SpecObject {
        /// The namespaces that it knows.
        public var namespaces: [String]?
        /// The capabilities that it knows.
        public var capabilities: [String]?
        /// Control groups.
        public var cgroup: Cgroup?
        /// Seccomp.
        public var seccomp: Seccomp?
        /// AppArmor.
        public var apparmor: Switch?
        /// SELinux.
        public var selinux: Switch?
        /// Intel's cache and bandwidth allocation.
        public var intelRdt: IntelRdt?
        /// NUMA memory policies.
        public var memoryPolicy: MemoryPolicy?
        /// Extensions of mounts.
        public var mountExtensions: MountExtensions?
        /// Moving network devices.
        public var netDevices: Switch?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Linux Features Structure"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("namespaces", \.namespaces),
            SpecField("capabilities", \.capabilities),
            SpecField("cgroup", \.cgroup),
            SpecField("seccomp", \.seccomp),
            SpecField("apparmor", \.apparmor),
            SpecField("selinux", \.selinux),
            SpecField("intelRdt", \.intelRdt),
            SpecField("memoryPolicy", \.memoryPolicy),
            SpecField("mountExtensions", \.mountExtensions),
            SpecField("netDevices", \.netDevices),
        ]
    }
}

extension RuntimeFeatures {
    /// Support for control groups.
    ///
    /// Source: features-linux.md, Cgroup.
    public struct Cgroup: SpecObject {
        /// Version 1.
        public var v1: Bool?
        /// Version 2.
        public var v2: Bool?
        /// Through systemd.
        public var systemd: Bool?
        /// Through a user's systemd.
        public var systemdUser: Bool?
        /// RDMA.
        public var rdma: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Cgroup"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("v1", \.v1),
            SpecField("v2", \.v2),
            SpecField("systemd", \.systemd),
            SpecField("systemdUser", \.systemdUser),
            SpecField("rdma", \.rdma),
        ]
    }
}

extension RuntimeFeatures {
    /// Support for seccomp.
    ///
    /// Source: features-linux.md, Seccomp.
    public struct Seccomp: SpecObject {
        /// Whether it is compiled in.
        public var enabled: Bool?
        /// The actions that it knows.
        public var actions: [String]?
        /// The operators that it knows.
        public var operators: [String]?
        /// The architectures that it knows.
        public var archs: [String]?
        /// The flags that it knows.
        public var knownFlags: [String]?
        /// The flags that work here.
        public var supportedFlags: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Seccomp"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("enabled", \.enabled),
            SpecField("actions", \.actions),
            SpecField("operators", \.operators),
            SpecField("archs", \.archs),
            SpecField("knownFlags", \.knownFlags),
            SpecField("supportedFlags", \.supportedFlags),
        ]
    }
}

extension RuntimeFeatures {
    /// Support that is compiled in or not.
    ///
    /// Source: features-linux.md, AppArmor.
    public struct Switch: SpecObject {
        /// Whether it is compiled in.
        public var enabled: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, AppArmor"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("enabled", \.enabled)
        ]
    }
}

extension RuntimeFeatures {
    /// Support for Intel RDT.
    ///
    /// Source: features-linux.md, Intel RDT.
    public struct IntelRdt: SpecObject {
        /// Whether it is compiled in.
        public var enabled: Bool?
        /// The field `schemata`.
        public var schemata: Bool?
        /// The field `enableMonitoring`.
        public var monitoring: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Intel RDT"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("enabled", \.enabled),
            SpecField("schemata", \.schemata),
            SpecField("monitoring", \.monitoring),
        ]
    }
}

extension RuntimeFeatures {
    /// Support for NUMA memory policies.
    ///
    /// Source: features-linux.md, Memory Policy.
    public struct MemoryPolicy: SpecObject {
        /// The modes that it knows.
        public var modes: [String]?
        /// The flags that it knows.
        public var flags: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Memory Policy"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("modes", \.modes),
            SpecField("flags", \.flags),
        ]
    }
}

extension RuntimeFeatures {
    /// Extensions of mounts.
    ///
    /// Source: features-linux.md, Mount Extensions.
    public struct MountExtensions: SpecObject {
        /// Id-mapped mounts.
        public var idmap: Switch?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "features-linux.md, Mount Extensions"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("idmap", \.idmap)
        ]
    }
}
