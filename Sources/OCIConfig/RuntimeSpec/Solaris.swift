extension RuntimeSpec {
    /// What only Solaris has.
    ///
    /// Source: config-solaris.md, Solaris Application Container Configuration.
    public struct Solaris: SpecObject {
        /// The service that must be online before the process starts.
        public var milestone: String?
        /// The privileges that a process may have.
        public var limitpriv: String?
        /// The limit of shared memory.
        public var maxShmMemory: String?
        /// CPU time.
        public var cappedCPU: SolarisCappedCPU?
        /// Memory.
        public var cappedMemory: SolarisCappedMemory?
        /// Automatic networks.
        public var anet: [SolarisAnet]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-solaris.md, Solaris Application Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("milestone", \.milestone),
            SpecField("limitpriv", \.limitpriv),
            SpecField("maxShmMemory", \.maxShmMemory),
            SpecField("cappedCPU", \.cappedCPU),
            SpecField("cappedMemory", \.cappedMemory),
            SpecField("anet", \.anet),
        ]
    }
}

extension RuntimeSpec {
    /// CPU time on Solaris.
    ///
    /// Source: config-solaris.md, CappedCPU.
    public struct SolarisCappedCPU: SpecObject {
        /// How many CPUs.
        public var ncpus: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-solaris.md, CappedCPU"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("ncpus", \.ncpus)
        ]
    }
}

extension RuntimeSpec {
    /// Memory on Solaris.
    ///
    /// Source: config-solaris.md, CappedMemory.
    public struct SolarisCappedMemory: SpecObject {
        /// The limit of physical memory.
        public var physical: String?
        /// The limit of swap.
        public var swap: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-solaris.md, CappedMemory"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("physical", \.physical),
            SpecField("swap", \.swap),
        ]
    }
}

extension RuntimeSpec {
    /// An automatic network on Solaris.
    ///
    /// Source: config-solaris.md, Automatic Network.
    public struct SolarisAnet: SpecObject {
        /// Its name.
        public var linkname: String?
        /// The link below.
        public var lowerLink: String?
        /// The addresses that it may have.
        public var allowedAddress: String?
        /// Whether they are configured at each start.
        public var configureAllowedAddress: String?
        /// The default router.
        public var defrouter: String?
        /// The hardware address.
        public var macAddress: String?
        /// The protections.
        public var linkProtection: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-solaris.md, Automatic Network"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("linkname", \.linkname),
            SpecField("lowerLink", \.lowerLink),
            SpecField("allowedAddress", \.allowedAddress),
            SpecField("configureAllowedAddress", \.configureAllowedAddress),
            SpecField("defrouter", \.defrouter),
            SpecField("macAddress", \.macAddress),
            SpecField("linkProtection", \.linkProtection),
        ]
    }
}
