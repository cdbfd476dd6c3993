extension ValidationRule {
    static let namespaceDuplicate = ValidationRule(
        "namespace-duplicate", "config-linux.md, Namespaces",
        "No two namespaces have one type."
    ) { config, report in
        report.duplicates(of: "type", in: config["linux"]["namespaces"])
        report.duplicates(of: "type", in: config["zos"]["namespaces"])
    }
}
