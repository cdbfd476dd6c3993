/// Checks configurations against the runtime specification 1.0.0 to 1.3.x.
public enum Validator {
    /// Everything that is wrong with the text of a `config.json`, in the order of the document's paths.
    public static func findings(in text: [UInt8], options: ValidationOptions = ValidationOptions()) -> [Finding] {
        do {
            let (document, duplicates) = try JSONParser.parseCollectingDuplicates(text)
            let repeated = duplicates.map { duplicate in
                Finding(
                    severity: .error, path: "\(duplicate)", message: "the key stands twice; remove one",
                    section: ValidationRule.duplicateKeys.section, rule: ValidationRule.duplicateKeys.name)
            }
            return repeated + findings(in: document, options: options)
        } catch {
            return [
                Finding(
                    severity: .error, path: "config.json", message: error.message,
                    section: ValidationRule.json.section, rule: ValidationRule.json.name)
            ]
        }
    }

    /// The document that a text holds; of duplicate keys, which ``findings(in:options:)`` reports, the last one counts.
    /// Nil when the text is no JSON.
    public static func document(in text: [UInt8]) -> JSONValue? {
        try? JSONParser.parseCollectingDuplicates(text).value
    }

    /// Everything that is wrong with a document.
    public static func findings(in document: JSONValue, options: ValidationOptions = ValidationOptions()) -> [Finding] {
        let root = ConfigNode(path: ConfigPath(), value: document)
        let problems = SpecCheck.problems(root)
        let found = ValidationRule.all.flatMap { rule -> [Finding] in
            var report = ValidationRule.Report(rule: rule, options: options, problems: problems)
            rule.check(root, &report)
            return report.findings
        }
        return found.sorted { ($0.path, $0.rule) < ($1.path, $1.rule) }
    }
}
