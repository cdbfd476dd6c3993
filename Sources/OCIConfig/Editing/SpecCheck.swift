/// Checks a value against what the specification has at its place: types, ranges, keys and closed sets of strings.
enum SpecCheck {
    /// One thing that does not fit.
    struct Problem {
        enum Kind { case type, range, unknownKey, value, missing }
        let kind: Kind
        let path: ConfigPath
        let message: String
        let section: String?
    }

    /// - Throws: ``ConfigError`` for the first thing that does not fit, and for unknown keys.
    static func require(
        _ value: JSONValue, _ kind: SpecKind, _ rule: SpecFieldRule, at path: ConfigPath
    ) throws(ConfigError) {
        var problems: [Problem] = []
        walk(value, kind, rule, at: path, section: nil, into: &problems)
        guard let first = problems.first(where: { $0.kind != .missing }) else { return }
        let code: ConfigError.Code =
            switch first.kind {
            case .type, .missing: .wrongType
            case .range, .value: .outOfRange
            case .unknownKey: .unknownKey
            }
        throw ConfigError(code, "\(first.path): \(first.message)")
    }

    /// Finds everything that does not fit.
    static func walk(
        _ value: JSONValue, _ kind: SpecKind, _ rule: SpecFieldRule, at path: ConfigPath, section: String?,
        into problems: inout [Problem]
    ) {
        func report(_ problem: Problem.Kind, _ message: String) {
            problems.append(Problem(kind: problem, path: path, message: message, section: section))
        }
        switch (kind, value) {
        case (.any, _), (.bool, .bool): break
        case (.string, .string(let text)):
            if !rule.values.isEmpty, !rule.values.contains(text) {
                let hint = NearMiss.hint(text, among: rule.values)
                let choices = rule.values.count <= 8 ? ": \(rule.values.joined(separator: ", "))" : ""
                report(.value, "'\(text)' is none of its values\(hint.isEmpty ? choices : hint)")
            }
        case (.integer(let minimum, let maximum), .integer), (.integer(let minimum, let maximum), .unsigned):
            let maximum = min(maximum, rule.maximum ?? maximum)
            let fits = value.number(Int64.self).map { $0 >= minimum && ($0 < 0 || UInt64($0) <= maximum) }
            if !(fits ?? (value.number(UInt64.self).map { $0 <= maximum } ?? false)) {
                report(.range, "\(text(value)) is not from \(minimum) to \(maximum)")
            }
        case (.array(let element), .array(let elements)):
            for (index, item) in elements.enumerated() {
                walk(item, element, rule, at: path.appending(.index(index)), section: section, into: &problems)
            }
        case (.map(let element), .object(let members)):
            for (key, item) in members.sorted(by: { $0.key < $1.key }) {
                walk(
                    item, element, SpecFieldRule(), at: path.appending(.key(key)), section: section, into: &problems)
            }
        case (.object(let type), .object(let members)):
            object(members, type.shape, at: path, into: &problems)
        default:
            report(.type, "expected \(kind.expectation), found \(found(value))")
        }
    }

    private static func object(
        _ members: [String: JSONValue], _ shape: SpecShape, at path: ConfigPath, into problems: inout [Problem]
    ) {
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let path = path.appending(.key(key))
            if let field = shape[key] {
                walk(value, field.kind, field.rule, at: path, section: shape.section, into: &problems)
            } else {
                let hint = NearMiss.hint(key, among: shape.list.map(\.key))
                problems.append(
                    Problem(
                        kind: .unknownKey, path: path, message: "the specification has no such key\(hint)",
                        section: shape.section))
            }
        }
        for field in shape.list where field.rule.isRequired && members[field.key] == nil {
            problems.append(
                Problem(
                    kind: .missing, path: path.appending(.key(field.key)), message: "is required and missing",
                    section: shape.section))
        }
    }

    private static func found(_ value: JSONValue) -> String {
        switch value {
        case .integer, .unsigned, .decimal: text(value)
        case .string(let text) where text.utf8.count <= 40: "the string '\(text)'"
        default: value.typeName
        }
    }

    private static func text(_ value: JSONValue) -> String {
        String(decoding: JSONCoding.text(value, pretty: false), as: UTF8.self)
    }
}
