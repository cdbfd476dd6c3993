internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// User names and passwords for registries, from docker's and podman's files and from credential helpers.
struct Credentials: Sendable, Hashable {
    let user: String
    let password: String
    /// Given by some helpers in place of a password.
    var identityToken: String?

    /// The value of an `Authorization` header.
    var basic: String { "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))" }

    /// Those for a repository of a registry, if there are any.
    static func find(for registry: String, _ repository: String, _ options: RegistryOptions) throws -> Credentials? {
        for file in files(options) {
            guard let text = try? Files.contents(of: file, limit: 4 << 20) else { continue }
            let config: JSONValue
            do {
                config = try JSONCoding.parse(text)
            } catch {
                throw BundleError(.system, "cannot read the credentials in \(file)", cause: error)
            }
            if let found = try find(for: registry, repository, in: config.members ?? [:], file) { return found }
        }
        if let file = options.authFile, !Files.exists(file) {
            throw BundleError(.notFound, "there is no file of credentials \(file)")
        }
        return nil
    }

    private static func files(_ options: RegistryOptions) -> [String] {
        if let file = options.authFile { return [file] }
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        let home = variable("HOME") ?? "/root"
        var files: [String] = []
        if let file = variable("REGISTRY_AUTH_FILE") { files.append(file) }
        if let folder = variable("XDG_RUNTIME_DIR") { files.append("\(folder)/containers/auth.json") }
        files.append("/run/containers/\(getuid())/auth.json")
        files.append("\(variable("XDG_CONFIG_HOME") ?? "\(home)/.config")/containers/auth.json")
        files.append("\(variable("DOCKER_CONFIG") ?? "\(home)/.docker")/config.json")
        return files
    }

    /// podman's files may have an entry for a part of a registry: the longest one counts. docker's name for its own
    /// registry is an address of old.
    private static func keys(for registry: String, _ repository: String) -> [String] {
        let parts = repository.split(separator: "/")
        let parents = parts.indices.reversed().map { "\(registry)/\(parts[...$0].joined(separator: "/"))" }
        let names = registry == "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [registry]
        return parents
            + names.flatMap {
                [$0, "https://\($0)", "https://\($0)/", "https://\($0)/v1/", "https://\($0)/v2/", "http://\($0)"]
            }
    }

    private static func find(
        for registry: String, _ repository: String, in config: [String: JSONValue], _ file: String
    ) throws -> Credentials? {
        let helpers = config["credHelpers"]?.members ?? [:]
        let keys = keys(for: registry, repository)
        // An empty name turns a helper off.
        if let helper = keys.compactMap({ helpers[$0]?.text }).first, !helper.isEmpty {
            return try CredentialHelper.credentials(helper, for: registry, file)
        }
        let entries = config["auths"]?.members ?? [:]
        for key in keys {
            guard let entry = entries[key]?.members else { continue }
            let token = entry["identitytoken"]?.text
            if let text = entry["auth"]?.text, !text.isEmpty {
                guard let decoded = Base64.decode(Array(text.utf8)),
                    let colon = decoded.firstIndex(of: 0x3a)
                else { throw BundleError(.system, "the credentials for \(registry) in \(file) are malformed") }
                return Credentials(
                    user: String(decoding: decoded[..<colon], as: UTF8.self),
                    password: String(decoding: decoded[(colon + 1)...].prefix { $0 != 0 }, as: UTF8.self),
                    identityToken: token)
            }
            if let user = entry["username"]?.text, let password = entry["password"]?.text {
                return Credentials(user: user, password: password, identityToken: token)
            }
            if let token { return Credentials(user: "", password: "", identityToken: token) }
        }
        guard let store = config["credsStore"]?.text, !store.isEmpty else { return nil }
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        return try CredentialHelper.credentials(store, for: server, file)
    }
}

/// `docker-credential-NAME get`: the server's name on standard input, JSON on standard output.
enum CredentialHelper {
    /// What a helper says, in all languages, where it has nothing for a server.
    private static let nothing = "credentials not found"

    /// - Parameter file: where the helper is named.
    static func credentials(_ name: String, for server: String, _ file: String) throws -> Credentials? {
        guard name.utf8.allSatisfy({ $0 != 0x2f && $0 > 0x20 }) else {
            throw BundleError(.system, "'\(name)' is no credential helper's name")
        }
        let program = "docker-credential-\(name)"
        let (succeeded, output) = try run(program, server, file)
        guard succeeded else {
            let said = String(decoding: output, as: UTF8.self)
            if said.contains(nothing) { return nil }
            throw BundleError(
                .notPermitted,
                "\(program), which \(file) names, has no credentials for \(server)"
                    + (said.isEmpty ? "" : ": \(said)"))
        }
        guard let answer = try? JSONCoding.parse(output).members, let secret = answer["Secret"]?.text else {
            throw BundleError(.system, "\(program) gave an answer that cannot be read")
        }
        let user = answer["Username"]?.text ?? ""
        return user == "<token>"
            ? Credentials(user: "", password: "", identityToken: secret) : Credentials(user: user, password: secret)
    }

    private static func run(_ program: String, _ server: String, _ file: String) throws -> (Bool, [UInt8]) {
        do {
            return try HelperProcess.run(program, ["get"], input: Array("\(server)\n".utf8))
        } catch {
            throw BundleError(
                error.isMissing ? .notFound : .system,
                "cannot ask \(program), which \(file) names, for credentials; install it, or use --authfile",
                cause: error
            )
        }
    }
}
