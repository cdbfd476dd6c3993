extension ValidationRule {
    static let processCwd = ValidationRule(
        "process-cwd", "config.md, Process",
        "`process.cwd` is absolute."
    ) { config, report in
        let directory = config["process"]["cwd"]
        guard let text = directory.text else { return }
        let isWindowsPath = config.platform == .windows && text.dropFirst().hasPrefix(":")
        if !text.hasPrefix("/"), !isWindowsPath { report(directory, "'\(text)' is not absolute") }
    }
}
