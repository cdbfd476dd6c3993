/// Follows a path through a document's specification.
struct SpecNavigation {
    /// The path as steps that fit the specification: `mounts.2` is an index, `annotations.com.example.key` one key.
    let path: ConfigPath
    /// Which values stand there.
    let kind: SpecKind
    /// What the specification says besides; nothing for elements and members of maps.
    let rule: SpecFieldRule

    /// - Parameter force: lets unknown keys pass.
    /// - Throws: ``ConfigError`` that names the near miss of a misspelt key.
    init(_ path: ConfigPath, in root: SpecKind, force: Bool = false) throws(ConfigError) {
        var kind = root
        var rule = SpecFieldRule()
        var steps: [ConfigPath.Step] = []
        var rest = path.steps[...]
        while let step = rest.popFirst() {
            switch (kind, step) {
            case (.object(let type), .key(let key)):
                if let field = type.shape[key] {
                    (kind, rule) = (field.kind, field.rule)
                } else {
                    guard force else { throw Self.unknown(key, in: type, at: ConfigPath(steps)) }
                    (kind, rule) = (.any, SpecFieldRule())
                }
                steps.append(step)
            case (.map(let value), .key(let key)):
                steps.append(.key(Self.mapKey(key, value, &rest)))
                (kind, rule) = (value, SpecFieldRule())
            case (.array(let element), .index(let index)):
                steps.append(.index(index))
                kind = element
            case (.array(let element), .key(let key)):
                guard let index = Int(key), index >= 0 else {
                    let hint = "use an index, as in \(ConfigPath(steps).appending(.index(0)))"
                    throw ConfigError(.malformed, "\(ConfigPath(steps)) is a list and has no member '\(key)'; \(hint)")
                }
                steps.append(.index(index))
                kind = element
            case (.any, _):
                steps.append(step)
            case (_, .key(let key)):
                let known = ConfigPath(steps)
                throw ConfigError(.unknownKey, "\(known) is \(kind.expectation) and has no member '\(key)'")
            case (_, .index):
                throw ConfigError(.malformed, "\(ConfigPath(steps)) is \(kind.expectation) and has no elements")
            }
        }
        self.path = ConfigPath(steps)
        self.kind = kind
        self.rule = rule
    }

    /// Keys of annotations, sysctls and cgroup files have dots in them; nothing stands below their strings.
    private static func mapKey(_ key: String, _ value: SpecKind, _ rest: inout ArraySlice<ConfigPath.Step>) -> String {
        guard case .string = value else { return key }
        var key = key
        while case .key(let more) = rest.first {
            key += ".\(more)"
            rest.removeFirst()
        }
        return key
    }

    private static func unknown(_ key: String, in type: any SpecObject.Type, at parent: ConfigPath) -> ConfigError {
        let path = parent.appending(.key(key))
        let hint = NearMiss.hint(key, among: type.shape.list.map(\.key))
        return ConfigError(.unknownKey, "\(path): the specification has no such key\(hint)")
    }
}

extension JSONValue {
    /// What stands at a path of a runtime configuration, written as a person does.
    /// - Throws: ``ConfigError`` when nothing stands there, with the near miss of a misspelt key.
    public func value(at text: String) throws(ConfigError) -> JSONValue {
        let written = try ConfigPath(parsing: text)
        if let value = self[written] { return value }
        let path = try SpecNavigation(written, in: RuntimeSpec.kind).path
        guard let value = self[path] else { throw ConfigError(.notFound, "there is nothing at \(path)") }
        return value
    }
}
