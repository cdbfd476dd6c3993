import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension Trait where Self == ConditionTrait {
    /// Skips a test where a program is missing, and says which; in CI (`CI` is set) the test runs and fails.
    package static func requiresTool(_ name: String) -> Self {
        .enabled("needs \(name); scripts/setup.sh test installs it") {
            getenv("CI") != nil || findTool(name) != nil
        }
    }

    /// Skips a test that only root can run.
    package static var requiresRootUser: Self {
        .enabled("needs root") { geteuid() == 0 }
    }
}

/// Where a program is, as a shell would find it.
package func findTool(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    // Debian keeps runtimes where a user's PATH does not lead.
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}
