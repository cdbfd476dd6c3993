extension ValidationRule {
    static let processArguments = ValidationRule(
        "process-args", "config.md, POSIX process",
        "`process.args` has at least one entry; on Windows `commandLine` may stand for it."
    ) { config, report in
        let process = config["process"]
        guard process.value?.members != nil else { return }
        let arguments = process["args"]
        if config.platform.isPOSIX {
            if !arguments.exists { report(arguments, "is required and missing") }
            if arguments.value?.elements?.isEmpty == true { report(arguments, "must have at least one entry") }
        } else if !arguments.exists, !process["commandLine"].exists {
            report(process["commandLine"], "is required where args is omitted")
        }
    }
}
