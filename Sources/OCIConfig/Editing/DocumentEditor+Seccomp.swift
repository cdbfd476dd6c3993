/// Edits of the seccomp profile.
extension DocumentEditor {
    private static let profile = ConfigPath([.key("linux"), .key("seccomp")])
    private static let rules = profile.appending(.key("syscalls"))

    mutating func seccomp(_ edit: SeccompEdit) throws(ConfigError) {
        switch edit {
        case .defaultAction(let action, let keepingRules):
            try apply(.set(Self.profile.appending(.key("defaultAction")), .string(action)))
            if !keepingRules, document[Self.rules] != nil {
                try apply(.remove(Self.rules, ["action": .string(action)]))
            }
        case .remove(let call):
            try remove([call])
        case .rule(let rule):
            guard let defaultAction = document[Self.profile]?.members?["defaultAction"]?.text else {
                throw ConfigError(
                    .notFound, "linux.seccomp has no default action to add rules to; set one, or start from a profile")
            }
            guard rule.args?.isEmpty ?? true else {
                return try apply(.put(Self.rules, rule.json, keys: []))
            }
            try remove(rule.names ?? [])
            if rule.action == defaultAction, rule.errnoRet == nil { return }
            try add(rule)
        }
    }

    /// Removes calls from every rule, and rules that have none left.
    private mutating func remove(_ calls: [String]) throws(ConfigError) {
        guard document[Self.rules] != nil else { return }
        try editList(Self.rules) { rules in
            rules = rules.compactMap { rule in
                guard var members = rule.members, let names = members["names"]?.elements else { return rule }
                let left = names.filter { name in !calls.contains { name == .string($0) } }
                if left.count == names.count { return rule }
                members["names"] = .array(left)
                return left.isEmpty ? nil : .object(members)
            }
        }
    }

    /// Adds calls to the rule that says the same, so that editing one call changes one line.
    private mutating func add(_ rule: RuntimeSpec.Syscall) throws(ConfigError) {
        try check(rule.json, RuntimeSpec.Syscall.kind, SpecFieldRule(), at: Self.rules)
        let json = rule.json.members ?? [:]
        try editList(Self.rules) { rules in
            let same = rules.firstIndex { other in
                guard let members = other.members, members["args"]?.elements?.isEmpty ?? true else { return false }
                return members["action"] == json["action"] && members["errnoRet"] == json["errnoRet"]
            }
            guard let same, var members = rules[same].members else { return rules.append(.object(json)) }
            members["names"] = .array((members["names"]?.elements ?? []) + (json["names"]?.elements ?? []))
            rules[same] = .object(members)
        }
    }
}
