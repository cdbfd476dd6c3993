extension ValidationRule {
    static let json = ValidationRule(
        "json", "RFC 8259",
        "The text is one JSON value in UTF-8, and an object."
    ) { config, report in
        // What is no JSON at all is found while it is parsed.
        if config.value?.members == nil {
            report(config, "expected an object, found \(config.value?.typeName ?? "nothing")")
        }
    }
}
