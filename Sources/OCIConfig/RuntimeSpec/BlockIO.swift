extension RuntimeSpec {
    /// Block devices.
    ///
    /// Source: config-linux.md, Block IO.
    public struct BlockIO: SpecObject {
        /// The relative weight, 10 to 1000.
        public var weight: UInt16?
        /// The weight against the group's children, 10 to 1000.
        public var leafWeight: UInt16?
        /// Weights by device.
        public var weightDevice: [WeightDevice]?
        /// Bytes read a second.
        public var throttleReadBpsDevice: [ThrottleDevice]?
        /// Bytes written a second.
        public var throttleWriteBpsDevice: [ThrottleDevice]?
        /// Reads a second.
        public var throttleReadIOPSDevice: [ThrottleDevice]?
        /// Writes a second.
        public var throttleWriteIOPSDevice: [ThrottleDevice]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Block IO"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("weight", \.weight),
            SpecField("leafWeight", \.leafWeight),
            SpecField("weightDevice", \.weightDevice),
            SpecField("throttleReadBpsDevice", \.throttleReadBpsDevice),
            SpecField("throttleWriteBpsDevice", \.throttleWriteBpsDevice),
            SpecField("throttleReadIOPSDevice", \.throttleReadIOPSDevice),
            SpecField("throttleWriteIOPSDevice", \.throttleWriteIOPSDevice),
        ]
    }
}

extension RuntimeSpec {
    /// The weight for one device.
    ///
    /// Source: config-linux.md, Block IO.
    public struct WeightDevice: SpecObject {
        /// The major number.
        public var major: Int64?
        /// The minor number.
        public var minor: Int64?
        /// The relative weight, 10 to 1000.
        public var weight: UInt16?
        /// The weight against the group's children, 10 to 1000.
        public var leafWeight: UInt16?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Block IO"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("major", \.major, .required),
            SpecField("minor", \.minor, .required),
            SpecField("weight", \.weight),
            SpecField("leafWeight", \.leafWeight),
        ]
    }
}

extension RuntimeSpec {
    /// The limit for one device.
    ///
    /// Source: config-linux.md, Block IO.
    public struct ThrottleDevice: SpecObject {
        /// The major number.
        public var major: Int64?
        /// The minor number.
        public var minor: Int64?
        /// Bytes or operations a second.
        public var rate: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Block IO"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("major", \.major, .required),
            SpecField("minor", \.minor, .required),
            SpecField("rate", \.rate, .required),
        ]
    }
}
