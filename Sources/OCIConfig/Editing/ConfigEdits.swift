/// Changes of a configuration in the order in which they are made: what command line flags and recipes come to.
public struct ConfigEdits: Sendable, Hashable {
    /// From the first to the last.
    public var edits: [ConfigEdit]
    /// Lets keys and values pass that the specification does not have.
    public var force = false

    /// - Parameter edits: from the first to the last.
    public init(_ edits: [ConfigEdit] = []) {
        self.edits = edits
    }

    /// Makes the changes; on an error `spec` stays as it was.
    /// - Parameter users: the container's users and groups, for `user` edits with names.
    /// - Throws: ``ConfigError`` for a misspelt key (with what was meant), a wrong type, or an unknown user.
    public func apply(to spec: inout RuntimeSpec, users: ContainerUsers = ContainerUsers()) throws(ConfigError) {
        if edits.isEmpty { return }
        var document = spec.json
        try apply(to: &document, users: users)
        spec = try JSONCoding.decode(RuntimeSpec.self, from: document)
    }

    /// Makes the changes in a document that need not fit the specification, so that it can be repaired.
    /// - Parameter users: the container's users and groups, for `user` edits with names.
    /// - Throws: ``ConfigError`` for a misspelt key (with what was meant), a wrong type, or an unknown user.
    public func apply(to document: inout JSONValue, users: ContainerUsers = ContainerUsers()) throws(ConfigError) {
        var editor = DocumentEditor(document: document, users: users, force: force)
        for edit in edits { try editor.apply(edit) }
        document = editor.document
    }

    /// Whether a `user` edit has a name, so that the container's files are needed.
    public var needsUsers: Bool {
        edits.contains { edit in
            if case .user(let user) = edit { !ContainerUsers.isNumeric(user) } else { false }
        }
    }
}

/// Makes one edit after the other in a document.
struct DocumentEditor {
    var document: JSONValue
    let users: ContainerUsers
    let force: Bool

    mutating func apply(_ edit: ConfigEdit) throws(ConfigError) {
        switch edit {
        case .set(let path, let value):
            let place = try place(path)
            try check(value, place.kind, place.rule, at: place.path)
            try document.edit(place.path) { $0 = value }
        case .setText(let path, let text):
            let place = try place(path)
            let value = try TypedText.value(text, place.kind, at: place.path, force: force)
            try check(value, place.kind, place.rule, at: place.path)
            try document.edit(place.path) { $0 = value }
        case .unset(let path):
            let place = try place(path)
            if document[place.path] != nil { try document.edit(place.path) { $0 = nil } }
        case .append(let path, let value):
            let (place, element) = try list(path)
            try check(value, element, place.rule, at: place.path)
            try editList(place.path) { $0.append(value) }
        case .appendText(let path, let text):
            let (place, element) = try list(path)
            let value = try TypedText.value(text, element, at: place.path, force: force)
            try check(value, element, place.rule, at: place.path)
            try editList(place.path) { $0.append(value) }
        case .put(let path, let value, let keys):
            let (place, element) = try list(path)
            try check(value, element, place.rule, at: place.path)
            try editList(place.path) { list in
                let same = list.firstIndex { other in
                    keys.isEmpty ? other == value : keys.allSatisfy { other.members?[$0] == value.members?[$0] }
                }
                if let same { list[same] = value } else { list.append(value) }
            }
        case .remove(let path, let pattern):
            let place = try list(path).place
            if document[place.path] != nil {
                try editList(place.path) { $0.removeAll { $0.matches(pattern) } }
            }
        case .environment(let name, let value): try environment(name, value)
        case .user(let user): try setUser(user)
        case .namespace(let type, let source): try namespace(type, source)
        case .addCapabilities(let names, let sets):
            for set in sets.isEmpty ? ["bounding", "effective", "permitted"] : sets {
                for name in names {
                    try apply(.put(Self.capabilities(set), .string(Self.capability(name)), keys: []))
                }
            }
        case .dropCapabilities(let names, let sets):
            for set in sets.isEmpty ? ["bounding", "effective", "inheritable", "permitted", "ambient"] : sets {
                for name in names { try apply(.remove(Self.capabilities(set), .string(Self.capability(name)))) }
            }
        }
    }

    private func place(_ path: ConfigPath) throws(ConfigError) -> SpecNavigation {
        try SpecNavigation(path, in: RuntimeSpec.kind, force: force)
    }

    private func list(_ path: ConfigPath) throws(ConfigError) -> (place: SpecNavigation, element: SpecKind) {
        let place = try place(path)
        switch place.kind {
        case .array(let element): return (place, element)
        case .any: return (place, .any)
        default: throw ConfigError(.wrongType, "\(place.path) is \(place.kind.expectation), not a list; use --set")
        }
    }

    private func check(
        _ value: JSONValue, _ kind: SpecKind, _ rule: SpecFieldRule, at path: ConfigPath
    ) throws(ConfigError) {
        if !force { try SpecCheck.require(value, kind, rule, at: path) }
    }

    private mutating func editList(
        _ path: ConfigPath, _ body: (inout [JSONValue]) throws(ConfigError) -> Void
    ) throws(ConfigError) {
        try document.edit(path) { value throws(ConfigError) in
            var elements: [JSONValue]
            switch value {
            case nil, .null: elements = []
            case .array(let present): elements = present
            case let other?: throw ConfigError(.wrongType, "\(path) is \(other.typeName), not an array")
            }
            try body(&elements)
            value = .array(elements)
        }
    }
}

// MARK: Edits with a meaning of their own
extension DocumentEditor {
    private mutating func environment(_ name: String, _ value: String?) throws(ConfigError) {
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

    private mutating func setUser(_ user: String) throws(ConfigError) {
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

    private mutating func namespace(_ type: String, _ source: NamespaceSource) throws(ConfigError) {
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

    private static func capabilities(_ set: String) -> ConfigPath {
        ConfigPath([.key("process"), .key("capabilities"), .key(set)])
    }

    /// `chown`, `cap_chown` and `CAP_CHOWN` are the same.
    private static func capability(_ name: String) -> String {
        let upper = name.uppercased()
        return upper.hasPrefix("CAP_") ? upper : "CAP_\(upper)"
    }
}

extension JSONValue {
    /// Whether the value equals the pattern or, being an object, has all of its members.
    func matches(_ pattern: JSONValue) -> Bool {
        guard case .object(let wanted) = pattern, case .object(let members) = self else { return self == pattern }
        return wanted.allSatisfy { members[$0.key]?.matches($0.value) ?? false }
    }
}
