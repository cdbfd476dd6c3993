/// How registries are reached.
package struct RegistryOptions: Sendable, Hashable {
    /// Registries (host, or host:port) that may speak plain HTTP or show any certificate.
    package var insecure: Set<String> = []
    /// A file of certificates to trust in place of the system's.
    package var certificates: String?
    /// `HOST=MIRROR`: where to ask first.
    package var mirrors: [String: [String]] = [:]
    /// A file of credentials as docker and podman write it; without one the usual places are looked at.
    package var authFile: String?
    /// How often something that may pass is tried again.
    package var retries = 4

    package init() {}
}
