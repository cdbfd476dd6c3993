extension ValidationRule {
    static let type = ValidationRule(
        "type", "config-schema.json",
        "Every member has the type that the specification gives it."
    ) { _, report in
        for problem in report.problems where problem.kind == .type { report(problem) }
    }
}

extension SpecCheck {
    /// Everything in a configuration that does not fit the tables of its specification.
    static func problems(_ config: ConfigNode) -> [Problem] {
        var problems: [Problem] = []
        guard let value = config.value, value.members != nil else { return [] }
        walk(value, RuntimeSpec.kind, SpecFieldRule(), at: config.path, section: nil, into: &problems)
        return problems
    }
}

extension ValidationRule.Report {
    mutating func callAsFunction(_ problem: SpecCheck.Problem, severity: Finding.Severity? = nil) {
        self(problem.path, problem.message, severity: severity, section: problem.section)
    }
}
