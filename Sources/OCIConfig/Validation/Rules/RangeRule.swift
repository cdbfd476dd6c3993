extension ValidationRule {
    static let range = ValidationRule(
        "range", "config-schema.json",
        "Every number is in the range that the specification gives it."
    ) { _, report in
        for problem in report.problems where problem.kind == .range { report(problem) }
    }
}
