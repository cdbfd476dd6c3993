extension ValidationRule {
    static let readonlyPaths = ValidationRule(
        "readonly-paths", "config-linux.md, Readonly Paths",
        "Read-only paths are absolute."
    ) { config, report in
        for path in config["linux"]["readonlyPaths"].elements where path.text?.hasPrefix("/") == false {
            report(path, "'\(path.text ?? "")' is not absolute")
        }
    }
}
