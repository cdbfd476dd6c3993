extension ConfigEdits: Decodable {
    /// How edits are written in a recipe. Every member is optional.
    private struct Form: Decodable {
        var terminal: Bool?
        var args: [String]?
        var cwd: String?
        /// A null removes the variable.
        var env: [String: JSONValue]?
        var user: String?
        var hostname: String?
        var domainname: String?
        var readonlyRoot: Bool?
        /// `new`, `host` or a path.
        var namespaces: [String: String]?
        var capabilities: Capabilities?
        /// Replace those of the same destination.
        var mounts: [RuntimeSpec.Mount]?
        /// A null removes the annotation.
        var annotations: [String: JSONValue]?
        var unset: [String]?
        var set: [String: JSONValue]?
        var append: [String: JSONValue]?

        static let keys = [
            "terminal", "args", "cwd", "env", "user", "hostname", "domainname", "readonlyRoot", "namespaces",
            "capabilities", "mounts", "annotations", "unset", "set", "append",
        ]
    }

    private struct Capabilities: Decodable {
        var add: [String]?
        var drop: [String]?
    }

    /// Decodes the form that recipes have: `{"terminal": false, "env": {"A": "b"}, "set": {"linux.…": 1}}`.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: JSONKey.self).allKeys.map(\.stringValue).sorted()
        for key in keys where !Form.keys.contains(key) {
            let path = ConfigPath(codingPath: decoder.codingPath + [JSONKey(key)])
            throw ConfigError(.unknownKey, "\(path): there is no such edit\(NearMiss.hint(key, among: Form.keys))")
        }
        self.init(try Self.edits(Form(from: decoder)))
    }

    private static func edits(_ form: Form) throws(ConfigError) -> [ConfigEdit] {
        var edits: [ConfigEdit] = []
        func set(_ path: String, _ value: JSONValue?) throws(ConfigError) {
            if let value { edits.append(.set(try ConfigPath(parsing: path), value)) }
        }
        for path in form.unset ?? [] { edits.append(.unset(try ConfigPath(parsing: path))) }
        try set("process.terminal", form.terminal.map { .bool($0) })
        try set("process.args", form.args.map { .array($0.map { .string($0) }) })
        try set("process.cwd", form.cwd.map { .string($0) })
        for (name, value) in (form.env ?? [:]).sorted(by: { $0.key < $1.key }) {
            edits.append(.environment(name: name, value: try text(value, of: "env.\(name)")))
        }
        if let user = form.user { edits.append(.user(user)) }
        try set("hostname", form.hostname.map { .string($0) })
        try set("domainname", form.domainname.map { .string($0) })
        try set("root.readonly", form.readonlyRoot.map { .bool($0) })
        for (type, source) in (form.namespaces ?? [:]).sorted(by: { $0.key < $1.key }) {
            edits.append(.namespace(type, try NamespaceSource(source)))
        }
        if let drop = form.capabilities?.drop { edits.append(.dropCapabilities(drop, sets: [])) }
        if let add = form.capabilities?.add { edits.append(.addCapabilities(add, sets: [])) }
        for mount in form.mounts ?? [] {
            edits.append(.put(ConfigPath([.key("mounts")]), mount.json, keys: ["destination"]))
        }
        for (key, value) in (form.annotations ?? [:]).sorted(by: { $0.key < $1.key }) {
            edits.append(.annotation(key, try text(value, of: "annotations.\(key)")))
        }
        for (path, value) in (form.set ?? [:]).sorted(by: { $0.key < $1.key }) { try set(path, value) }
        for (path, value) in (form.append ?? [:]).sorted(by: { $0.key < $1.key }) {
            edits.append(.append(try ConfigPath(parsing: path), value))
        }
        return edits
    }

    private static func text(_ value: JSONValue, of path: String) throws(ConfigError) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text
        default: throw ConfigError(.wrongType, "\(path): expected a string, or null to remove it")
        }
    }
}

extension ConfigEdit {
    /// Sets an annotation, or with nil removes it.
    public static func annotation(_ key: String, _ value: String?) -> ConfigEdit {
        let path = ConfigPath([.key("annotations"), .key(key)])
        return value.map { .set(path, .string($0)) } ?? .unset(path)
    }

    /// Gives the process a terminal or none.
    public static func terminal(_ terminal: Bool) -> ConfigEdit {
        .set(ConfigPath([.key("process"), .key("terminal")]), .bool(terminal))
    }

    /// Sets the program and its arguments.
    public static func arguments(_ arguments: [String]) -> ConfigEdit {
        .set(ConfigPath([.key("process"), .key("args")]), .array(arguments.map { .string($0) }))
    }

    /// Sets the working directory.
    public static func workingDirectory(_ path: String) -> ConfigEdit {
        .set(ConfigPath([.key("process"), .key("cwd")]), .string(path))
    }

    /// Sets the hostname.
    public static func hostname(_ name: String) -> ConfigEdit {
        .set(ConfigPath([.key("hostname")]), .string(name))
    }
}
