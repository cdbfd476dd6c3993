/// One rule of the specification: its name, its place there, and the check.
public struct ValidationRule: Sendable {
    /// Its name, in lower case with dashes.
    public let name: String
    /// Where the specification has it.
    public let section: String
    /// How bad a breach is.
    public let severity: Finding.Severity
    /// What it demands, in one sentence.
    public let summary: String
    let check: @Sendable (_ config: ConfigNode, _ report: inout Report) -> Void

    init(
        _ name: String, _ section: String, _ severity: Finding.Severity, _ summary: String,
        check: @escaping @Sendable (_ config: ConfigNode, _ report: inout Report) -> Void
    ) {
        self.name = name
        self.section = section
        self.severity = severity
        self.summary = summary
        self.check = check
    }

    init(
        _ name: String, _ section: String, _ summary: String,
        check: @escaping @Sendable (_ config: ConfigNode, _ report: inout Report) -> Void
    ) {
        self.init(name, section, .error, summary, check: check)
    }

    /// Collects what one rule finds.
    struct Report {
        let rule: ValidationRule
        let options: ValidationOptions
        /// What does not fit the tables of the specification, found once for all rules.
        let problems: [SpecCheck.Problem]
        var findings: [Finding] = []

        /// - Parameters:
        ///   - severity: where it differs from the rule's own.
        ///   - section: where it differs from the rule's own.
        mutating func callAsFunction(
            _ path: ConfigPath, _ message: String, severity: Finding.Severity? = nil, section: String? = nil
        ) {
            findings.append(
                Finding(
                    severity: severity ?? rule.severity, path: path.steps.isEmpty ? "config.json" : "\(path)",
                    message: message, section: section ?? rule.section, rule: rule.name))
        }

        mutating func callAsFunction(_ node: ConfigNode, _ message: String, severity: Finding.Severity? = nil) {
            self(node.path, message, severity: severity)
        }
    }
}

/// How a configuration is checked.
public struct ValidationOptions: Sendable, Hashable {
    /// Makes misspelt keys errors.
    public var isStrict: Bool
    /// What the host supports; nil leaves it out, so that the answer is the same everywhere.
    public var host: HostSupport?

    /// - Parameters:
    ///   - isStrict: makes misspelt keys errors.
    ///   - host: what the host supports.
    public init(isStrict: Bool = false, host: HostSupport? = nil) {
        self.isStrict = isStrict
        self.host = host
    }
}
