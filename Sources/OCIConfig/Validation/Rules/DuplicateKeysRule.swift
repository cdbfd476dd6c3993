extension ValidationRule {
    static let duplicateKeys = ValidationRule(
        "duplicate-keys", "RFC 8259, 4",
        "No key stands twice in an object; of two, readers take either."
    ) { config, report in
        // Found while the text is parsed: a document has no duplicates any more.
        _ = (config, report)
    }
}
