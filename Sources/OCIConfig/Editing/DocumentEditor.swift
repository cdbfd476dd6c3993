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
        case .setInElement(let path, let pattern, let member, let value):
            let index = try element(path, matching: pattern, adding: true)
            if let index {
                try apply(.set(try place(path).path.appending(.index(index)).appending(.key(member)), value))
            }
        case .unsetInElement(let path, let pattern, let member):
            guard let index = try element(path, matching: pattern, adding: false) else { return }
            let element = try place(path).path.appending(.index(index))
            try apply(.unset(element.appending(.key(member))))
            if document[element] == pattern { try apply(.unset(element)) }
        case .appendToElement(let path, let pattern, let member, let value):
            guard let index = try element(path, matching: pattern, adding: false) else {
                throw ConfigError(.notFound, "\(path) has no element \(pattern.compact); add it first")
            }
            try apply(.append(try place(path).path.appending(.index(index)).appending(.key(member)), value))
        case .environment(let name, let value): try environment(name, value)
        case .user(let user): try setUser(user)
        case .namespace(let type, let source): try namespace(type, source)
        case .ensureNamespace(let type):
            let namespaces = document[ConfigPath([.key("linux"), .key("namespaces")])]?.elements ?? []
            if !namespaces.contains(where: { $0.matches(["type": .string(type)]) }) { try namespace(type, .new) }
        case .seccomp(let edit): try seccomp(edit)
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

    /// The index of the element that has all members of a pattern; adds the pattern itself if there is none.
    private mutating func element(
        _ path: ConfigPath, matching pattern: JSONValue, adding: Bool
    ) throws(ConfigError) -> Int? {
        let place = try list(path).place
        let elements = document[place.path]?.elements ?? []
        if let index = elements.firstIndex(where: { $0.matches(pattern) }) { return index }
        guard adding else { return nil }
        try editList(place.path) { $0.append(pattern) }
        return elements.count
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

    func check(
        _ value: JSONValue, _ kind: SpecKind, _ rule: SpecFieldRule, at path: ConfigPath
    ) throws(ConfigError) {
        if !force { try SpecCheck.require(value, kind, rule, at: path) }
    }

    mutating func editList(
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
