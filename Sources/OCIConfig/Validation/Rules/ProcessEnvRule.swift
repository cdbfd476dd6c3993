extension ValidationRule {
    static let environment = ValidationRule(
        "process-env", "config.md, Process", .warning,
        "Entries of `process.env` are `NAME=value`."
    ) { config, report in
        for entry in config["process"]["env"].elements {
            if let text = entry.text, !text.dropFirst().contains("=") {
                report(entry, "'\(text)' is not NAME=value")
            }
        }
    }
}
