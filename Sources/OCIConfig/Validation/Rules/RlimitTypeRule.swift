extension ValidationRule {
    static let rlimitType = ValidationRule(
        "rlimit-type", "config.md, POSIX process",
        "An rlimit has a type that the kernel knows."
    ) { config, report in
        guard config.platform == .linux else { return }
        for limit in config["process"]["rlimits"].elements {
            let type = limit["type"]
            guard let text = type.text, !RuntimeSpec.Rlimit.types.contains(text) else { continue }
            report(type, "Linux has no resource limit '\(text)'\(NearMiss.hint(text, among: RuntimeSpec.Rlimit.types))")
        }
    }
}
