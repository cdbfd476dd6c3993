extension ValidationRule {
    static let seccompNames = ValidationRule(
        "seccomp-names", "config-linux.md, Seccomp",
        "A rule has at least one call."
    ) { config, report in
        for rule in config["linux"]["seccomp"]["syscalls"].elements {
            if rule["names"].value?.elements?.isEmpty == true { report(rule["names"], "must have at least one entry") }
        }
    }
}
