extension ValidationRule {
    static let rlimitOrder = ValidationRule(
        "rlimit-order", "config.md, POSIX process",
        "The soft limit is not above the hard one, which setrlimit(2) refuses."
    ) { config, report in
        for limit in config["process"]["rlimits"].elements {
            guard let soft = limit["soft"].unsigned, let hard = limit["hard"].unsigned, soft > hard else { continue }
            report(limit["soft"], "\(soft) is above the hard limit \(hard)")
        }
    }
}
