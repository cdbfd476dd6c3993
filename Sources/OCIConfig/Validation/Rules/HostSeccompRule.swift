extension ValidationRule {
    static let hostSeccomp = ValidationRule(
        "host-seccomp", "features.md",
        "With --host: the runtime has seccomp with these actions, architectures, operators and flags."
    ) { config, report in
        guard let host = report.options.host else { return }
        let seccomp = config["linux"]["seccomp"]
        guard seccomp.exists, let features = host.features?.linux?.seccomp else { return }
        if features.enabled == false { return report(seccomp, "the runtime is built without seccomp") }
        func check(_ node: ConfigNode, _ known: [String]?) {
            if let text = node.text, let known, !known.contains(text) {
                report(node, "the runtime does not know \(text)")
            }
        }
        check(seccomp["defaultAction"], features.actions)
        for node in seccomp["architectures"].elements { check(node, features.archs) }
        for node in seccomp["flags"].elements { check(node, features.supportedFlags ?? features.knownFlags) }
        for rule in seccomp["syscalls"].elements {
            check(rule["action"], features.actions)
            for argument in rule["args"].elements { check(argument["op"], features.operators) }
        }
    }
}
