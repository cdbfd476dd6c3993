/// What a host and its runtime support, for rules that depend on it. What is nil is not known and not checked.
public struct HostSupport: Sendable, Hashable {
    /// The kernel's namespaces, as configurations name them.
    public var namespaces: Set<String>?
    /// The number of the kernel's last capability.
    public var lastCapability: Int?
    /// The kernel's filesystem types.
    public var filesystems: Set<String>?
    /// Whether control groups are of version 2 only.
    public var isUnifiedCgroup: Bool?
    /// Whether AppArmor is on.
    public var hasAppArmor: Bool?
    /// Whether SELinux is on.
    public var hasSELinux: Bool?
    /// What the runtime's `features` command says.
    public var features: RuntimeFeatures?

    /// Nothing is known.
    public init() {}
}
