extension Checkpoint {
    /// How the dump was made (`inventory.img`).
    package struct Inventory: Encodable, Sendable {
        /// The version of the format; 2 since CRIU 1.7.
        package let imageVersion: UInt32
        /// `none`, `selinux` or `apparmor`.
        package let securityModule: String
        /// When the dump was made, in µs since the machine had started.
        package let uptime: UInt64?
        /// How a pre-dump reads pages: `splice` or `read`.
        package let preDumpMode: String?
        /// Whether TCP connections were closed instead of kept.
        package let closesTCP: Bool
        /// How packets were held back meanwhile: `iptables`, `nftables` or `skip`.
        package let networkLock: String?
        package let plugins: [String]
        /// A random id of the dump; its rules in nftables are named after it.
        package let runID: String?

        init(_ record: ProtobufMessage) throws {
            imageVersion = try record.required32(1, "version")
            guard (1...2).contains(imageVersion) else {
                throw MigrateError(.malformed, "it has version \(imageVersion), which is none of CRIU's")
            }
            securityModule = Checkpoint.name(try record.number(6) ?? 0, ["none", "selinux", "apparmor"])
            uptime = try record.number(8)
            preDumpMode = try record.number(9).map { Checkpoint.name($0, ["none", "splice", "read"]) }
            closesTCP = try record.bool(10) ?? false
            networkLock = try record.number(11).map { Checkpoint.name($0, ["iptables", "nftables", "skip"]) }
            var plugins: [String] = []
            try record.message(12)?.texts(12) { plugins.append($0) }
            self.plugins = plugins
            runID = try record.text(13)
        }
    }

    /// A number's name in a list of CRIU's; the number itself where a newer CRIU has more.
    static func name(_ number: UInt64, _ names: [String]) -> String {
        number < UInt64(names.count) ? names[Int(number)] : "\(number)"
    }
}
