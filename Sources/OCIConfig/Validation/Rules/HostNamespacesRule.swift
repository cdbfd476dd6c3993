extension ValidationRule {
    static let hostNamespaces = ValidationRule(
        "host-namespaces", "features.md",
        "With --host: the kernel and the runtime have the namespaces."
    ) { config, report in
        guard let host = report.options.host else { return }
        for namespace in config["linux"]["namespaces"].elements {
            guard let type = namespace["type"].text, RuntimeSpec.Namespace.types.contains(type) else { continue }
            if host.namespaces?.contains(type) == false {
                report(namespace["type"], "this kernel has no \(type) namespaces")
            }
            if host.features?.linux?.namespaces?.contains(type) == false {
                report(namespace["type"], "the runtime knows no \(type) namespaces")
            }
        }
    }
}
