extension ValidationRule {
    static let required = ValidationRule(
        "required", "config-schema.json",
        "Every member that is always required is there."
    ) { _, report in
        for problem in report.problems where problem.kind == .missing { report(problem) }
    }
}
