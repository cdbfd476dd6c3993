extension ValidationRule {
    static let rootReadonly = ValidationRule(
        "root-readonly", "config.md, Root",
        "`root.readonly` is omitted or false on Windows."
    ) { config, report in
        let readonly = config["root"]["readonly"]
        if config.platform == .windows, readonly.truth == true {
            report(readonly, "must be omitted or false on Windows")
        }
    }
}
