extension ValidationRule {
    static let swappiness = ValidationRule(
        "swappiness", "config-linux.md, Memory",
        "`swappiness` is from 0 to 100."
    ) { config, report in
        let swappiness = config["linux"]["resources"]["memory"]["swappiness"]
        // The largest number is how some tools say that it is not set.
        if let number = swappiness.unsigned, number > 100, number != .max {
            report(swappiness, "\(number) is not from 0 to 100")
        }
    }
}
