extension ValidationRule {
    static let hostCapabilities = ValidationRule(
        "host-capabilities", "features.md",
        "With --host: the kernel and the runtime know the capabilities."
    ) { config, report in
        guard let host = report.options.host else { return }
        for (_, set) in config["process"]["capabilities"].members {
            for capability in set.elements {
                guard let text = capability.text, RuntimeSpec.Capabilities.names.contains(text) else { continue }
                if let last = host.lastCapability, let number = RuntimeSpec.Capabilities.numbers[text], number > last {
                    report(capability, "this kernel has no \(text)", severity: .warning)
                }
                if host.features?.linux?.capabilities?.contains(text) == false {
                    report(capability, "the runtime does not know \(text)", severity: .warning)
                }
            }
        }
    }
}
