extension ValidationRule {
    static let versionKnown = ValidationRule(
        "version-known", "config.md, Specification version", .warning,
        "`ociVersion` is 1.0.0 to 1.3.x, the versions whose rules are known here."
    ) { config, report in
        guard let version = config.version else { return }
        if version[0] != 1 || version[1] > 3 {
            report(config["ociVersion"], "the rules of this version are not known here; those of 1.3 were applied")
        }
    }
}
