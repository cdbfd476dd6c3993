extension ValidationRule {
    static let memoryLimits = ValidationRule(
        "memory-limits", "config-linux.md, Memory",
        "Memory limits are -1 (unlimited) or above; swap is not below the limit."
    ) { config, report in
        let memory = config["linux"]["resources"]["memory"]
        for name in ["limit", "reservation", "swap", "kernel", "kernelTCP"] {
            if let number = memory[name].integer, number < -1 {
                report(memory[name], "\(number) is below -1 (unlimited)")
            }
        }
        if let limit = memory["limit"].integer, let swap = memory["swap"].integer, limit > 0, swap > 0, swap < limit {
            report(
                memory["swap"], "\(swap) is the limit of memory and swap together, and below the limit of memory alone")
        }
    }
}
