extension RuntimeSpec {
    /// For containers that are virtual machines.
    ///
    /// Source: config-vm.md, Virtual-machine-specific Container Configuration.
    public struct VM: SpecObject {
        /// The program that runs the machine.
        public var hypervisor: VMHypervisor?
        /// The kernel that it boots.
        public var kernel: VMKernel?
        /// The image that it boots into.
        public var image: VMImage?
        /// Hardware that it is passed.
        public var hwConfig: VMHardware?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, Virtual-machine-specific Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("hypervisor", \.hypervisor),
            SpecField("kernel", \.kernel, .required),
            SpecField("image", \.image),
            SpecField("hwConfig", \.hwConfig),
        ]
    }
}

extension RuntimeSpec {
    /// The program that runs a virtual machine.
    ///
    /// Source: config-vm.md, Hypervisor Object.
    public struct VMHypervisor: SpecObject {
        /// Absolute.
        public var path: String?
        /// Its parameters.
        public var parameters: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, Hypervisor Object"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("parameters", \.parameters),
        ]
    }
}

extension RuntimeSpec {
    /// The kernel of a virtual machine.
    ///
    /// Source: config-vm.md, Kernel Object.
    public struct VMKernel: SpecObject {
        /// Absolute.
        public var path: String?
        /// Its parameters.
        public var parameters: [String]?
        /// The initial ramdisk, absolute.
        public var initrd: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, Kernel Object"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("parameters", \.parameters),
            SpecField("initrd", \.initrd),
        ]
    }
}

extension RuntimeSpec {
    /// The root image of a virtual machine.
    ///
    /// Source: config-vm.md, Image Object.
    public struct VMImage: SpecObject {
        /// Absolute.
        public var path: String?
        /// `raw`, `qcow2`, `vdi`, `vmdk` or `vhd`.
        public var format: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, Image Object"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("format", \.format, .oneOf(VMImage.formats).requiring()),
        ]
    }
}

extension RuntimeSpec {
    /// Hardware that a virtual machine is passed.
    ///
    /// Source: config-vm.md, HWConfig Object.
    public struct VMHardware: SpecObject {
        /// The device tree file.
        public var deviceTree: String?
        /// How many CPUs.
        public var vcpus: UInt32?
        /// Memory, in bytes.
        public var memory: UInt64?
        /// Nodes of the host's device tree.
        public var dtdevs: [String]?
        /// Ranges of I/O memory.
        public var iomems: [VMIOMemory]?
        /// Physical interrupts.
        public var irqs: [UInt32]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, HWConfig Object"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("deviceTree", \.deviceTree),
            SpecField("vcpus", \.vcpus),
            SpecField("memory", \.memory),
            SpecField("dtdevs", \.dtdevs),
            SpecField("iomems", \.iomems),
            SpecField("irqs", \.irqs),
        ]
    }
}

extension RuntimeSpec {
    /// A range of I/O memory.
    ///
    /// Source: config-vm.md, HWConfig Object.
    public struct VMIOMemory: SpecObject {
        /// The guest's frame number; `firstMFN` without it.
        public var firstGFN: UInt64?
        /// The physical page number.
        public var firstMFN: UInt64?
        /// How many pages.
        public var nrMFNs: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-vm.md, HWConfig Object"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("firstGFN", \.firstGFN),
            SpecField("firstMFN", \.firstMFN, .required),
            SpecField("nrMFNs", \.nrMFNs, .required),
        ]
    }
}
