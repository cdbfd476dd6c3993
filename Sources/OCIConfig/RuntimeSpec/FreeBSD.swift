extension RuntimeSpec {
    /// What only FreeBSD has.
    ///
    /// Source: config-freebsd.md, FreeBSD Container Configuration.
    public struct FreeBSD: SpecObject {
        /// Devices that can be used.
        public var devices: [FreeBSDDevice]?
        /// The jail.
        public var jail: FreeBSDJail?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-freebsd.md, FreeBSD Container Configuration"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("devices", \.devices),
            SpecField("jail", \.jail),
        ]
    }
}

extension RuntimeSpec {
    /// A device on FreeBSD.
    ///
    /// Source: config-freebsd.md, Devices.
    public struct FreeBSDDevice: SpecObject {
        /// Relative to `/dev`.
        public var path: String?
        /// The permission bits.
        public var mode: UInt32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-freebsd.md, Devices"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("mode", \.mode, .upTo(0o777)),
        ]
    }
}

extension RuntimeSpec {
    /// A jail.
    ///
    /// Source: config-freebsd.md, Jail.
    public struct FreeBSDJail: SpecObject {
        /// The jail in which this one is made.
        public var parent: String?
        /// The host names: `new` or `inherit`.
        public var host: String?
        /// IPv4: `new`, `inherit` or `disable`.
        public var ip4: String?
        /// IPv4 addresses.
        public var ip4Addr: [String]?
        /// IPv6: `new`, `inherit` or `disable`.
        public var ip6: String?
        /// IPv6 addresses.
        public var ip6Addr: [String]?
        /// The network stack: `new` or `inherit`.
        public var vnet: String?
        /// The interface that gets the addresses.
        public var interface: String?
        /// Interfaces that move into the jail.
        public var vnetInterfaces: [String]?
        /// System V messages.
        public var sysvmsg: String?
        /// System V semaphores.
        public var sysvsem: String?
        /// System V shared memory.
        public var sysvshm: String?
        /// Which mounts are seen, 0 to 2.
        public var enforceStatfs: UInt8?
        /// What the jail may do.
        public var allow: FreeBSDAllow?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-freebsd.md, Jail"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("parent", \.parent),
            SpecField("host", \.host, .oneOf(FreeBSDJail.sharingWithoutDisable)),
            SpecField("ip4", \.ip4, .oneOf(FreeBSDJail.sharing)),
            SpecField("ip4Addr", \.ip4Addr),
            SpecField("ip6", \.ip6, .oneOf(FreeBSDJail.sharing)),
            SpecField("ip6Addr", \.ip6Addr),
            SpecField("vnet", \.vnet, .oneOf(FreeBSDJail.sharingWithoutDisable)),
            SpecField("interface", \.interface),
            SpecField("vnetInterfaces", \.vnetInterfaces),
            SpecField("sysvmsg", \.sysvmsg, .oneOf(FreeBSDJail.sharing)),
            SpecField("sysvsem", \.sysvsem, .oneOf(FreeBSDJail.sharing)),
            SpecField("sysvshm", \.sysvshm, .oneOf(FreeBSDJail.sharing)),
            SpecField("enforceStatfs", \.enforceStatfs),
            SpecField("allow", \.allow),
        ]
    }
}

extension RuntimeSpec {
    /// What a jail may do.
    ///
    /// Source: config-freebsd.md, Allow.
    public struct FreeBSDAllow: SpecObject {
        /// Set its hostname.
        public var setHostname: Bool?
        /// Use raw sockets.
        public var rawSockets: Bool?
        /// Use chflags.
        public var chflags: Bool?
        /// Mount these filesystem types.
        public var mount: [String]?
        /// Administer quotas.
        public var quotas: Bool?
        /// Use other protocols than IPv4, IPv6, local and route.
        public var socketAf: Bool?
        /// Lock memory.
        public var mlock: Bool?
        /// Bind ports below 1024.
        public var reservedPorts: Bool?
        /// Have a superuser.
        public var suser: Bool?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-freebsd.md, Allow"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("setHostname", \.setHostname),
            SpecField("rawSockets", \.rawSockets),
            SpecField("chflags", \.chflags),
            SpecField("mount", \.mount),
            SpecField("quotas", \.quotas),
            SpecField("socketAf", \.socketAf),
            SpecField("mlock", \.mlock),
            SpecField("reservedPorts", \.reservedPorts),
            SpecField("suser", \.suser),
        ]
    }
}
