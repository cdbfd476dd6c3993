extension ValidationRule {
    static let hookPath = ValidationRule(
        "hook-path", "config.md, POSIX-platform Hooks",
        "The program of a hook is absolute."
    ) { config, report in
        for (_, hooks) in config["hooks"].members {
            for hook in hooks.elements {
                if let text = hook["path"].text, !text.hasPrefix("/") {
                    report(hook["path"], "'\(text)' is not absolute")
                }
            }
        }
    }
}
