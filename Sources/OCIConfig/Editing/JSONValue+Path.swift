extension JSONValue {
    /// What stands at a path; nil when nothing does.
    public subscript(path: ConfigPath) -> JSONValue? {
        var value = self
        for step in path.steps {
            switch (step, value) {
            case (.key(let key), .object(let members)):
                guard let next = members[key] else { return nil }
                value = next
            case (.index(let index), .array(let elements)):
                guard elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// Changes what stands at a path, making the objects on the way. `body` gets nil where nothing stands, and what
    /// it sets to nil is removed.
    /// - Throws: ``ConfigError`` when the path leads through something that is neither, or past an array's end.
    mutating func edit<Result>(
        _ path: ConfigPath, _ body: (inout JSONValue?) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result {
        var optional: JSONValue? = self
        let result = try Self.edit(&optional, path.steps[...], path, body)
        self = optional ?? .object([:])
        return result
    }

    private static func edit<Result>(
        _ value: inout JSONValue?, _ steps: ArraySlice<ConfigPath.Step>, _ path: ConfigPath,
        _ body: (inout JSONValue?) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result {
        guard let step = steps.first else { return try body(&value) }
        let here = ConfigPath(Array(path.steps[..<steps.startIndex]))
        switch (step, value ?? .null) {
        case (.key(let key), .object), (.key(let key), .null):
            var members = value?.members ?? [:]
            let result = try edit(&members[key], steps.dropFirst(), path, body)
            // Nothing is made on the way to something that is removed.
            if value == nil, members.isEmpty { return result }
            value = .object(members)
            return result
        case (.index(let index), .array), (.index(let index), .null):
            var elements = value?.elements ?? []
            guard index <= elements.count else {
                let problem = "has \(elements.count) elements, so there is no [\(index)]"
                throw ConfigError(.notFound, "\(here) \(problem); --append adds one")
            }
            var element: JSONValue? = index < elements.count ? elements[index] : nil
            let result = try edit(&element, steps.dropFirst(), path, body)
            switch (element, index < elements.count) {
            case (let element?, true): elements[index] = element
            case (let element?, false): elements.append(element)
            case (nil, true): elements.remove(at: index)
            case (nil, false): return result
            }
            value = .array(elements)
            return result
        case (_, let other):
            throw ConfigError(.wrongType, "\(here) is \(other.typeName), so \(path) cannot stand in it")
        }
    }
}

extension JSONValue {
    /// Whether the value equals the pattern or, being an object, has all of its members.
    func matches(_ pattern: JSONValue) -> Bool {
        guard case .object(let wanted) = pattern, case .object(let members) = self else { return self == pattern }
        return wanted.allSatisfy { members[$0.key]?.matches($0.value) ?? false }
    }

    /// The value on one line, for messages.
    var compact: String {
        String(decoding: JSONCoding.text(self, pretty: false), as: UTF8.self)
    }
}
