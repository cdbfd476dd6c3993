/// One thing that is wrong with a configuration.
public struct Finding: Sendable, Hashable, Codable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The specification forbids it.
        case error
        /// It is allowed, and is hardly what was meant.
        case warning
    }

    /// How bad it is.
    public let severity: Severity
    /// The member: `linux.namespaces[0].type`. A missing member has its own path; the document's is `config.json`.
    public let path: String
    /// What is wrong.
    public let message: String
    /// Where the specification says so; empty where it is the host that does.
    public let section: String
    /// The rule's name, as in the list of rules.
    public let rule: String

    /// - Parameters:
    ///   - severity: how bad it is.
    ///   - path: the member.
    ///   - message: what is wrong.
    ///   - section: where the specification says so.
    ///   - rule: the rule's name.
    public init(severity: Severity, path: String, message: String, section: String, rule: String) {
        self.severity = severity
        self.path = path
        self.message = message
        self.section = section
        self.rule = rule
    }

    /// One line: the path, what is wrong, where the specification says so.
    public var description: String {
        let kind = severity == .warning ? "warning: " : ""
        return "\(path): \(kind)\(message)\(section.isEmpty ? "" : " (\(section))")"
    }
}
