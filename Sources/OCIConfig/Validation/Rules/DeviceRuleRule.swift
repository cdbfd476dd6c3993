extension ValidationRule {
    static let deviceRule = ValidationRule(
        "device-rule", "config-linux.md, Allowed Device list",
        "A rule about devices is of type `a`, `b` or `c`, and its access of `r`, `w` and `m`."
    ) { config, report in
        for rule in config["linux"]["resources"]["devices"].elements {
            if let type = rule["type"].text, !["", "a", "b", "c"].contains(type) {
                report(rule["type"], "'\(type)' is none of a, b, c")
            }
            if let access = rule["access"].text, !access.allSatisfy("rwm".contains) {
                report(rule["access"], "'\(access)' has other letters than r, w, m")
            }
        }
    }
}
