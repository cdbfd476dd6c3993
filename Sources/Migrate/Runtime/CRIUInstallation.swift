internal import Bundles
internal import Glibc
internal import LinuxSystem

/// The CRIU that is used, and how it was found.
package struct CRIUInstallation: Sendable {
    /// The executable.
    package let path: String
    /// As CRIU says it: `4.2.1`.
    package let version: String

    /// Finds CRIU: `explicit`, else `$BUNDLETOOL_CRIU`, else the cache folder that the set-up script fills, else `PATH`.
    /// - Throws: `.toolMissing` with what to do.
    package static func find(explicit: String?) async throws -> CRIUInstallation {
        if let explicit { return try await CRIUInstallation(at: explicit, named: "--criu") }
        if let named = environment("BUNDLETOOL_CRIU"), !named.isEmpty {
            return try await CRIUInstallation(at: named, named: "$BUNDLETOOL_CRIU")
        }
        let cached = "\(CacheFolder.path)/criu/criu"
        if Files.isExecutable(cached) { return try await CRIUInstallation(at: cached, named: "the cache") }
        if let installed = Tool.find("criu") { return try await CRIUInstallation(at: installed, named: "PATH") }
        throw MigrateError(
            .toolMissing,
            "CRIU is not there: run scripts/setup.sh (make setup), or name one with --criu or $BUNDLETOOL_CRIU")
    }

    private init(at path: String, named origin: String) async throws {
        guard Files.isExecutable(path) else {
            throw MigrateError(.toolMissing, "\(path), which \(origin) names as CRIU, is no program that can be run")
        }
        let outcome = try await Tool(path: path).run(["--version"])
        let prefix = "Version: "
        guard outcome.succeeded, let line = outcome.output.split(separator: "\n").first(where: { $0.hasPrefix(prefix) })
        else {
            throw MigrateError(.toolMissing, "\(path), which \(origin) names as CRIU, does not answer to --version")
        }
        self.path = path.hasPrefix("/") ? path : Files.canonicalPath(path) ?? path
        version = String(line.dropFirst(prefix.count))
    }

    /// What `criu check` objects to on this kernel, or nil.
    package func objection() async throws -> String? {
        let outcome = try await Tool(path: path).run(["check"])
        if outcome.succeeded { return nil }
        let lines = outcome.errors.split(separator: "\n").filter { $0.contains("Error") }
        return lines.last.map(String.init) ?? outcome.status
    }

    /// Whether `criu check --feature` says that the kernel has `feature`.
    package func has(feature: String) async throws -> Bool {
        try await Tool(path: path).run(["check", "--feature", feature]).succeeded
    }

    /// Whether a dump can lock the network by a table that the restore finds again. Before 4.1 it was called after a
    /// process id, which is another one then.
    func locksByTable() async -> Bool {
        guard MachineChecks.isAtLeast(version, [4, 1]) else { return false }
        return (try? await has(feature: "network_lock_nftables")) == true
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
