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

    /// Those for a registry, if there are any.
    static func find(for registry: String, _ options: RegistryOptions) throws -> Credentials? {
        for file in files(options) {
            guard let text = try? Files.contents(of: file, limit: 4 << 20) else { continue }
            let config: JSONValue
            do {
                config = try JSONCoding.parse(text)
            } catch {
                throw BundleError(.system, "cannot read the credentials in \(file)", cause: error)
            }
            if let found = try find(for: registry, in: config.members ?? [:], file) { return found }
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

    /// docker's name for its own registry is an address of old.
    private static func keys(for registry: String) -> [String] {
        let names = registry == "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [registry]
        return names.flatMap {
            [$0, "https://\($0)", "https://\($0)/", "https://\($0)/v1/", "https://\($0)/v2/", "http://\($0)"]
        }
    }

    private static func find(for registry: String, in config: [String: JSONValue], _ file: String) throws
        -> Credentials?
    {
        let helpers = config["credHelpers"]?.members ?? [:]
        if let helper = keys(for: registry).compactMap({ helpers[$0]?.text }).first {
            return try CredentialHelper.credentials(helper, for: registry)
        }
        let entries = config["auths"]?.members ?? [:]
        for key in keys(for: registry) {
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
        }
        guard let store = config["credsStore"]?.text else { return nil }
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        return try CredentialHelper.credentials(store, for: server)
    }
}

/// `docker-credential-NAME get`: the server's name on standard input, JSON on standard output.
enum CredentialHelper {
    static func credentials(_ name: String, for server: String) throws -> Credentials? {
        guard name.utf8.allSatisfy({ $0 != 0x2f && $0 > 0x20 }) else {
            throw BundleError(.system, "'\(name)' is no credential helper's name")
        }
        let program = "docker-credential-\(name)"
        guard let output = try HelperProcess.run(program, ["get"], input: Array("\(server)\n".utf8)) else { return nil }
        guard let answer = try? JSONCoding.parse(output).members, let secret = answer["Secret"]?.text else {
            throw BundleError(.system, "\(program) gave an answer that cannot be read")
        }
        let user = answer["Username"]?.text ?? ""
        return user == "<token>"
            ? Credentials(user: "", password: "", identityToken: secret) : Credentials(user: user, password: secret)
    }
}
