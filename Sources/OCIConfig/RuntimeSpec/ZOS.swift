extension RuntimeSpec {
    /// What only z/OS has.
    ///
    /// Source: config-zos.md, z/OS Container Configuration.
    public struct ZOS: SpecObject {
        /// The namespaces that are made or joined.
        public var namespaces: [ZOSNamespace]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-zos.md, z/OS Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("namespaces", \.namespaces)
        ]
    }
}

extension RuntimeSpec {
    /// A namespace on z/OS.
    ///
    /// Source: config-zos.md, Namespaces.
    public struct ZOSNamespace: SpecObject {
        /// `pid`, `mount`, `ipc` or `uts`.
        public var type: String?
        /// The namespace to join.
        public var path: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-zos.md, Namespaces"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("type", \.type, .oneOf(ZOSNamespace.types).requiring()),
            SpecField("path", \.path),
        ]
    }
}
