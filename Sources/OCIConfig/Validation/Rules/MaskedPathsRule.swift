extension ValidationRule {
    static let maskedPaths = ValidationRule(
        "masked-paths", "config-linux.md, Masked Paths",
        "Masked paths are absolute."
    ) { config, report in
        for path in config["linux"]["maskedPaths"].elements where path.text?.hasPrefix("/") == false {
            report(path, "'\(path.text ?? "")' is not absolute")
        }
    }
}
