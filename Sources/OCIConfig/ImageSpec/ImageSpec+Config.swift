extension ImageSpec {
    /// The configuration of an image.
    ///
    /// Source: image-spec config.md, Properties.
    public struct Image: SpecObject {
        /// When it was made, RFC 3339.
        public var created: String?
        /// Who made it.
        public var author: String?
        /// The CPU architecture, as Go names it.
        public var architecture: String?
        /// The variant of the architecture.
        public var variant: String?
        /// The operating system, as Go names it.
        public var os: String?
        /// The version of the operating system.
        public var osVersion: String?
        /// Features of the operating system that it needs.
        public var osFeatures: [String]?
        /// How containers of it run.
        public var config: Config?
        /// Its layers.
        public var rootfs: RootFS?
        /// How the layers were made.
        public var history: [History]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec config.md, Properties"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("created", \.created),
            SpecField("author", \.author),
            SpecField("architecture", \.architecture, .required),
            SpecField("variant", \.variant),
            SpecField("os", \.os, .required),
            SpecField("os.version", \.osVersion),
            SpecField("os.features", \.osFeatures),
            SpecField("config", \.config),
            SpecField("rootfs", \.rootfs, .required),
            SpecField("history", \.history),
        ]
    }
}

extension ImageSpec {
    /// How containers of an image run.
    ///
    /// Source: image-spec config.md, Properties.
    public struct Config: SpecObject {
        /// `user`, `uid`, `user:group`, `uid:gid` and so on.
        public var user: String?
        /// Ports such as `80/tcp`, as keys.
        public var exposedPorts: [String: JSONValue]?
        /// The environment, `NAME=value`.
        public var env: [String]?
        /// The start of the command.
        public var entrypoint: [String]?
        /// The rest of the command, or its default.
        public var cmd: [String]?
        /// Where data is written, as keys.
        public var volumes: [String: JSONValue]?
        /// The working directory.
        public var workingDir: String?
        /// Metadata.
        public var labels: [String: String]?
        /// The signal that ends the container.
        public var stopSignal: String?
        /// Deprecated: whether the command is one escaped string, on Windows.
        public var argsEscaped: Bool?
        /// Reserved for compatibility.
        public var healthcheck: JSONValue?
        /// Reserved for compatibility.
        public var memory: Int64?
        /// Reserved for compatibility.
        public var memorySwap: Int64?
        /// Reserved for compatibility.
        public var cpuShares: Int64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec config.md, Properties"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("User", \.user),
            SpecField("ExposedPorts", \.exposedPorts),
            SpecField("Env", \.env),
            SpecField("Entrypoint", \.entrypoint),
            SpecField("Cmd", \.cmd),
            SpecField("Volumes", \.volumes),
            SpecField("WorkingDir", \.workingDir),
            SpecField("Labels", \.labels),
            SpecField("StopSignal", \.stopSignal),
            SpecField("ArgsEscaped", \.argsEscaped),
            SpecField("Healthcheck", \.healthcheck),
            SpecField("Memory", \.memory),
            SpecField("MemorySwap", \.memorySwap),
            SpecField("CpuShares", \.cpuShares),
        ]
    }
}

extension ImageSpec {
    /// The layers of an image.
    ///
    /// Source: image-spec config.md, Properties.
    public struct RootFS: SpecObject {
        /// `layers`.
        public var type: String?
        /// The digests of the uncompressed layers, the lowest first.
        public var diffIDs: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec config.md, Properties"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("type", \.type, .oneOf(RootFS.types).requiring()),
            SpecField("diff_ids", \.diffIDs, .required),
        ]
    }
}

extension ImageSpec {
    /// How a layer was made.
    ///
    /// Source: image-spec config.md, Properties.
    public struct History: SpecObject {
        /// When, RFC 3339.
        public var created: String?
        /// By whom.
        public var author: String?
        /// With which command.
        public var createdBy: String?
        /// A message.
        public var comment: String?
        /// Whether it made no layer.
        public var emptyLayer: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec config.md, Properties"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("created", \.created),
            SpecField("author", \.author),
            SpecField("created_by", \.createdBy),
            SpecField("comment", \.comment),
            SpecField("empty_layer", \.emptyLayer),
        ]
    }
}
