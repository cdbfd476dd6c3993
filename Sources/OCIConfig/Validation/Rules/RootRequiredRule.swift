extension ValidationRule {
    static let rootRequired = ValidationRule(
        "root-required", "config.md, Root",
        "`root` is there, except for Hyper-V containers, where it must not be."
    ) { config, report in
        let root = config["root"]
        let isHyperV = config.platform == .windows && config["windows"]["hyperv"].exists
        if isHyperV, root.exists { report(root, "must not be set for a Hyper-V container") }
        if !isHyperV, !root.exists { report(root, "is required and missing") }
    }
}
