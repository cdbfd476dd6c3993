extension ValidationRule {
    static let pidsLimit = ValidationRule(
        "pids-limit", "config-linux.md, PIDs",
        "`pids.limit` is -1 (unlimited) or above."
    ) { config, report in
        let limit = config["linux"]["resources"]["pids"]["limit"]
        if let number = limit.integer, number < -1 { report(limit, "\(number) is below -1 (unlimited)") }
    }
}
