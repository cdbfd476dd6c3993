/// Edits with a meaning of their own.
extension DocumentEditor {
    mutating func environment(_ name: String, _ value: String?) throws(ConfigError) {
        if name.isEmpty || name.contains("=") || name.contains("\0") || value?.contains("\0") == true {
            throw ConfigError(.malformed, "'\(name)' cannot be the name of an environment variable; use NAME=VALUE")
        }
        let path = ConfigPath([.key("process"), .key("env")])
        if value == nil, document[path] == nil { return }
        try editList(path) { list in
            let entry = value.map { JSONValue.string("\(name)=\($0)") }
            func isSame(_ element: JSONValue) -> Bool { element.text?.hasPrefix("\(name)=") ?? false }
            guard let first = list.firstIndex(where: isSame) else {
                if let entry { list.append(entry) }
                return
            }
            list.removeAll(where: isSame)
            if let entry { list.insert(entry, at: first) }
        }
    }

    mutating func setUser(_ user: String) throws(ConfigError) {
        let found = try users.resolve(user)
        let path = ConfigPath([.key("process"), .key("user")])
        try document.edit(path) { value in
            var members = value?.members ?? [:]
            members["uid"] = JSONValue(found.uid)
            members["gid"] = JSONValue(found.gid)
            members["additionalGids"] =
                found.additionalGids.isEmpty ? nil : .array(found.additionalGids.map { JSONValue($0) })
            value = .object(members)
        }
    }

    mutating func namespace(_ type: String, _ source: NamespaceSource) throws(ConfigError) {
        let type = type == "net" ? "network" : type == "mnt" ? "mount" : type
        let path = ConfigPath([.key("linux"), .key("namespaces")])
        switch source {
        case .new: try apply(.put(path, ["type": .string(type)], keys: ["type"]))
        case .path(let file): try apply(.put(path, ["type": .string(type), "path": .string(file)], keys: ["type"]))
        case .host:
            try check(["type": .string(type)], RuntimeSpec.Namespace.kind, SpecFieldRule(), at: path)
            try apply(.remove(path, ["type": .string(type)]))
        }
    }

    static func capabilities(_ set: String) -> ConfigPath {
        ConfigPath([.key("process"), .key("capabilities"), .key(set)])
    }

    /// `chown`, `cap_chown` and `CAP_CHOWN` are the same.
    static func capability(_ name: String) -> String {
        let upper = name.uppercased()
        return upper.hasPrefix("CAP_") ? upper : "CAP_\(upper)"
    }
}
