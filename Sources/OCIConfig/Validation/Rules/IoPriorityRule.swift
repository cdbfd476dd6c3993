extension ValidationRule {
    static let ioPriority = ValidationRule(
        "io-priority", "config.md, Linux Process",
        "`process.ioPriority.priority` is there and from 0 to 7."
    ) { config, report in
        let ioPriority = config["process"]["ioPriority"]
        guard ioPriority.value?.members != nil else { return }
        let priority = ioPriority["priority"]
        if !priority.exists { report(priority, "is required and missing") }
        if let number = priority.integer, !(0...7).contains(number) { report(priority, "\(number) is not from 0 to 7") }
    }
}
