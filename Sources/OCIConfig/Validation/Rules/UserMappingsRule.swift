extension ValidationRule {
    static let userMappings = ValidationRule(
        "user-mappings", "config-linux.md, User namespace mappings", .warning,
        "A new user namespace has mappings, and mappings have a user namespace."
    ) { config, report in
        let linux = config["linux"]
        let user = linux["namespaces"].elements.first { $0["type"].text == "user" }
        for mappings in [linux["uidMappings"], linux["gidMappings"]] {
            let isEmpty = mappings.value?.elements?.isEmpty ?? true
            if user == nil, !isEmpty { report(mappings, "has no effect without a user namespace") }
            if let user, isEmpty, user["path"].text ?? "" == "" {
                report(mappings, "a new user namespace without mappings has no user at all")
            }
        }
    }
}
