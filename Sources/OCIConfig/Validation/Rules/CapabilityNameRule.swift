extension ValidationRule {
    static let capabilityName = ValidationRule(
        "capability-name", "config.md, Linux Process", .warning,
        "Capabilities have names that Linux knows; runtimes skip others with a warning."
    ) { config, report in
        for (_, set) in config["process"]["capabilities"].members {
            for capability in set.elements {
                guard let text = capability.text, !RuntimeSpec.Capabilities.names.contains(text) else { continue }
                let hint = NearMiss.hint(text, among: RuntimeSpec.Capabilities.names)
                report(capability, "Linux has no capability '\(text)'\(hint)")
            }
        }
    }
}
