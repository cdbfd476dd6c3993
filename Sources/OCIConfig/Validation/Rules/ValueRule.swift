extension ValidationRule {
    static let value = ValidationRule(
        "value", "config-schema.json",
        "A string with a closed set of values is one of them."
    ) { _, report in
        for problem in report.problems where problem.kind == .value { report(problem) }
    }
}
