extension ValidationRule {
    static let cpuBurst = ValidationRule(
        "cpu-burst", "config-linux.md, CPU",
        "`quota`, where it is positive, is no smaller than `burst`."
    ) { config, report in
        let cpu = config["linux"]["resources"]["cpu"]
        guard let quota = cpu["quota"].integer, quota > 0, let burst = cpu["burst"].unsigned else { return }
        if UInt64(quota) < burst { report(cpu["burst"], "\(burst) is larger than the quota \(quota)") }
    }
}
