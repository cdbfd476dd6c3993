extension ValidationRule {
    static let cpuIdle = ValidationRule(
        "cpu-idle", "config-linux.md, CPU",
        "`idle` is 0 or 1."
    ) { config, report in
        let idle = config["linux"]["resources"]["cpu"]["idle"]
        if let number = idle.integer, number != 0, number != 1 { report(idle, "\(number) is neither 0 nor 1") }
    }
}
