extension ValidationRule {
    static let versionForm = ValidationRule(
        "version-form", "config.md, Specification version",
        "`ociVersion` is in SemVer 2.0.0 form."
    ) { config, report in
        let version = config["ociVersion"]
        if let text = version.text, !SemanticVersion.isValid(text) {
            report(version, "'\(text)' is no SemVer 2.0.0 version, such as 1.0.2")
        }
    }
}
