extension RuntimeSpec {
    /// What only Windows has.
    ///
    /// Source: config-windows.md, Windows-specific Container Configuration.
    public struct Windows: SpecObject {
        /// The layers, the writable one last.
        public var layerFolders: [String]?
        /// Devices in the container.
        public var devices: [WindowsDevice]?
        /// Limits.
        public var resources: WindowsResources?
        /// Group Managed Service Account credentials.
        public var credentialSpec: JSONValue?
        /// Whether the container serves an operating system update.
        public var servicing: Bool?
        /// Whether flushes during the boot of the utility VM are ignored.
        public var ignoreFlushesDuringBoot: Bool?
        /// For Hyper-V containers.
        public var hyperv: WindowsHyperV?
        /// Networking.
        public var network: WindowsNetwork?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Windows-specific Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("layerFolders", \.layerFolders, .required),
            SpecField("devices", \.devices),
            SpecField("resources", \.resources),
            SpecField("credentialSpec", \.credentialSpec),
            SpecField("servicing", \.servicing),
            SpecField("ignoreFlushesDuringBoot", \.ignoreFlushesDuringBoot),
            SpecField("hyperv", \.hyperv),
            SpecField("network", \.network),
        ]
    }
}

extension RuntimeSpec {
    /// A device in a Windows container.
    ///
    /// Source: config-windows.md, Devices.
    public struct WindowsDevice: SpecObject {
        /// Its identity.
        public var id: String?
        /// What `id` is: `class`.
        public var idType: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Devices"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("id", \.id, .required),
            SpecField("idType", \.idType, .oneOf(WindowsDevice.idTypes).requiring()),
        ]
    }
}

extension RuntimeSpec {
    /// Limits on Windows.
    ///
    /// Source: config-windows.md, Resources.
    public struct WindowsResources: SpecObject {
        /// Memory.
        public var memory: WindowsMemory?
        /// CPU time.
        public var cpu: WindowsCPU?
        /// Storage.
        public var storage: WindowsStorage?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Resources"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("memory", \.memory),
            SpecField("cpu", \.cpu),
            SpecField("storage", \.storage),
        ]
    }
}

extension RuntimeSpec {
    /// Memory on Windows.
    ///
    /// Source: config-windows.md, Memory.
    public struct WindowsMemory: SpecObject {
        /// In bytes.
        public var limit: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Memory"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("limit", \.limit)
        ]
    }
}

extension RuntimeSpec {
    /// CPU time on Windows.
    ///
    /// Source: config-windows.md, CPU.
    public struct WindowsCPU: SpecObject {
        /// How many CPUs.
        public var count: UInt64?
        /// The relative weight.
        public var shares: UInt16?
        /// The share of the CPU, in hundredths of a percent.
        public var maximum: UInt16?
        /// The CPUs.
        public var affinity: [WindowsAffinity]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, CPU"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("count", \.count),
            SpecField("shares", \.shares),
            SpecField("maximum", \.maximum),
            SpecField("affinity", \.affinity),
        ]
    }
}

extension RuntimeSpec {
    /// CPUs of a processor group.
    ///
    /// Source: config-windows.md, CPU.
    public struct WindowsAffinity: SpecObject {
        /// The CPUs, as a mask.
        public var mask: UInt64?
        /// The processor group.
        public var group: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, CPU"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("mask", \.mask, .required),
            SpecField("group", \.group, .required),
        ]
    }
}

extension RuntimeSpec {
    /// Storage on Windows.
    ///
    /// Source: config-windows.md, Storage.
    public struct WindowsStorage: SpecObject {
        /// Operations a second.
        public var iops: UInt64?
        /// Bytes a second.
        public var bps: UInt64?
        /// The least size of the system drive, in bytes.
        public var sandboxSize: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Storage"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("iops", \.iops),
            SpecField("bps", \.bps),
            SpecField("sandboxSize", \.sandboxSize),
        ]
    }
}

extension RuntimeSpec {
    /// Networking on Windows.
    ///
    /// Source: config-windows.md, Network.
    public struct WindowsNetwork: SpecObject {
        /// Host Networking Service endpoints.
        public var endpointList: [String]?
        /// Whether names without a dot are looked up.
        public var allowUnqualifiedDNSQuery: Bool?
        /// The search list.
        public var dnsSearchList: [String]?
        /// The container whose network is shared.
        public var networkSharedContainerName: String?
        /// The network namespace.
        public var networkNamespace: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, Network"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("endpointList", \.endpointList),
            SpecField("allowUnqualifiedDNSQuery", \.allowUnqualifiedDNSQuery),
            SpecField("DNSSearchList", \.dnsSearchList),
            SpecField("networkSharedContainerName", \.networkSharedContainerName),
            SpecField("networkNamespace", \.networkNamespace),
        ]
    }
}

extension RuntimeSpec {
    /// For Hyper-V containers.
    ///
    /// Source: config-windows.md, HyperV.
    public struct WindowsHyperV: SpecObject {
        /// The image of the utility VM.
        public var utilityVMPath: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-windows.md, HyperV"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("utilityVMPath", \.utilityVMPath)
        ]
    }
}
