extension ValidationRule {
    static let rlimitDuplicate = ValidationRule(
        "rlimit-duplicate", "config.md, POSIX process",
        "No two rlimits have one type."
    ) { config, report in
        report.duplicates(of: "type", in: config["process"]["rlimits"])
    }
}

extension ValidationRule.Report {
    /// Reports every element whose text of a member an earlier element has.
    mutating func duplicates(of member: String, in list: ConfigNode) {
        var seen: [String: ConfigPath] = [:]
        for element in list.elements {
            guard let text = element[member].text else { continue }
            if let first = seen[text] {
                self(element[member], "'\(text)' is already in \(first)")
            } else {
                seen[text] = element.path
            }
        }
    }
}
