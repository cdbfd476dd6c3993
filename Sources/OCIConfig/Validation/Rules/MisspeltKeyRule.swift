extension ValidationRule {
    static let misspeltKey = ValidationRule(
        "misspelt-key", "config.md, Extensibility", .warning,
        "No unknown key is close to a known one; with --strict that is an error. Other unknown keys are extensions."
    ) { _, report in
        for problem in report.problems where problem.kind == .unknownKey {
            if problem.message.contains("did you mean") {
                report(problem, severity: report.options.isStrict ? .error : .warning)
            } else if report.options.isStrict {
                report(problem, severity: .warning)
            }
        }
    }
}
