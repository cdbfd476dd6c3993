extension ValidationRule {
    static let capabilitySets = ValidationRule(
        "capability-sets", "config.md, Linux Process", .warning,
        "Effective capabilities are permitted; ambient ones are permitted and inheritable. The kernel does not grant others."
    ) { config, report in
        let sets = config["process"]["capabilities"]
        let permitted = sets["permitted"].texts
        let inheritable = sets["inheritable"].texts
        for capability in sets["effective"].elements where !permitted.contains(capability.text ?? "") {
            report(capability, "is not permitted, so it cannot be effective")
        }
        for capability in sets["ambient"].elements {
            guard let text = capability.text else { continue }
            if !permitted.contains(text) || !inheritable.contains(text) {
                report(capability, "is not both permitted and inheritable, so it cannot be ambient")
            }
        }
    }
}
