/// The configuration of a container, `config.json`.
///
/// Source: config.md, Configuration.
public struct RuntimeSpec: SpecObject {
    /// The version of the specification that the bundle complies with, in SemVer form.
    public var ociVersion: String?
    /// What runs in the container.
    public var process: Process?
    /// The container's root filesystem.
    public var root: Root?
    /// The hostname inside the container.
    public var hostname: String?
    /// The NIS domain name inside the container.
    public var domainname: String?
    /// What is mounted besides the root, in order.
    public var mounts: [Mount]?
    /// Commands that run at points of the container's life.
    public var hooks: Hooks?
    /// Metadata.
    public var annotations: [String: String]?
    /// What only Linux has.
    public var linux: Linux?
    /// What only Solaris has.
    public var solaris: Solaris?
    /// What only Windows has.
    public var windows: Windows?
    /// For containers that are virtual machines.
    public var vm: VM?
    /// What only z/OS has.
    public var zos: ZOS?
    /// What only FreeBSD has.
    public var freebsd: FreeBSD?
    /// Members that the specification does not know, and explicit nulls.
    public var extra: [String: JSONValue] = [:]

    /// An object without members.
    public init() {}

    /// Where the specification describes it.
    public static let section = "config.md, Configuration"

    /// Every member that the specification knows.
    public static let fields: [SpecField<Self>] = [
        SpecField("ociVersion", \.ociVersion, .required),
        SpecField("process", \.process),
        SpecField("root", \.root),
        SpecField("hostname", \.hostname),
        SpecField("domainname", \.domainname),
        SpecField("mounts", \.mounts),
        SpecField("hooks", \.hooks),
        SpecField("annotations", \.annotations),
        SpecField("linux", \.linux),
        SpecField("solaris", \.solaris),
        SpecField("windows", \.windows),
        SpecField("vm", \.vm),
        SpecField("zos", \.zos),
        SpecField("freebsd", \.freebsd),
    ]
}

extension RuntimeSpec {
    /// The container's root filesystem.
    ///
    /// Source: config.md, Root.
    public struct Root: SpecObject {
        /// Absolute, or relative to the bundle.
        public var path: String?
        /// Whether the container may not write to it.
        public var readonly: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Root"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("readonly", \.readonly),
        ]
    }
}

extension RuntimeSpec {
    /// A mount besides the root.
    ///
    /// Source: config.md, Mounts.
    public struct Mount: SpecObject {
        /// Where in the container; absolute, or (deprecated) relative to `/`.
        public var destination: String?
        /// The filesystem type.
        public var type: String?
        /// A device, a dummy name, or for bind mounts a path: absolute, or relative to the bundle.
        public var source: String?
        /// Mount options as mount(8) has them.
        public var options: [String]?
        /// The user ids of an id-mapped mount.
        public var uidMappings: [IDMapping]?
        /// The group ids of an id-mapped mount.
        public var gidMappings: [IDMapping]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Mounts"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("destination", \.destination, .required),
            SpecField("type", \.type),
            SpecField("source", \.source),
            SpecField("options", \.options),
            SpecField("uidMappings", \.uidMappings),
            SpecField("gidMappings", \.gidMappings),
        ]
    }
}

extension RuntimeSpec {
    /// A range of ids of the host that a range of the container stands for.
    ///
    /// Source: config-linux.md, User namespace mappings.
    public struct IDMapping: SpecObject {
        /// The first id in the container.
        public var containerID: UInt32?
        /// The first id on the host.
        public var hostID: UInt32?
        /// How many ids.
        public var size: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, User namespace mappings"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("containerID", \.containerID, .required),
            SpecField("hostID", \.hostID, .required),
            SpecField("size", \.size, .required),
        ]
    }
}
