extension ValidationRule {
    static let namespacePath = ValidationRule(
        "namespace-path", "config-linux.md, Namespaces",
        "The path of a namespace is absolute."
    ) { config, report in
        for namespace in config["linux"]["namespaces"].elements + config["zos"]["namespaces"].elements {
            let path = namespace["path"]
            if let text = path.text, !text.isEmpty, !text.hasPrefix("/") { report(path, "'\(text)' is not absolute") }
        }
    }
}
