extension ValidationRule {
    static let personality = ValidationRule(
        "personality", "config-linux.md, Personality",
        "`personality.flags` is empty: none are defined."
    ) { config, report in
        for flag in config["linux"]["personality"]["flags"].elements { report(flag, "no flags are defined") }
    }
}
