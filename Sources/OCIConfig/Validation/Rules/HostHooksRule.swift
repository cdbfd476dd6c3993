extension ValidationRule {
    static let hostHooks = ValidationRule(
        "host-hooks", "features.md",
        "With --host: the runtime knows the hooks."
    ) { config, report in
        guard let host = report.options.host else { return }
        guard let known = host.features?.hooks else { return }
        for (name, hooks) in config["hooks"].members where !hooks.elements.isEmpty && !known.contains(name) {
            report(hooks, "the runtime does not run these hooks")
        }
    }
}
