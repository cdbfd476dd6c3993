extension ValidationRule {
    static let seccompMetadata = ValidationRule(
        "seccomp-metadata", "config-linux.md, Seccomp",
        "`listenerMetadata` comes with `listenerPath`."
    ) { config, report in
        let seccomp = config["linux"]["seccomp"]
        if seccomp["listenerMetadata"].exists, !seccomp["listenerPath"].exists {
            report(seccomp["listenerMetadata"], "must not be set without listenerPath")
        }
    }
}
