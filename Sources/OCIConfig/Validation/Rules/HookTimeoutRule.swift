extension ValidationRule {
    static let hookTimeout = ValidationRule(
        "hook-timeout", "config.md, POSIX-platform Hooks",
        "The timeout of a hook is greater than zero."
    ) { config, report in
        for (_, hooks) in config["hooks"].members {
            for hook in hooks.elements {
                if let timeout = hook["timeout"].integer, timeout <= 0 {
                    report(hook["timeout"], "\(timeout) is not greater than zero")
                }
            }
        }
    }
}
