extension ValidationRule {
    static let timeNamespace = ValidationRule(
        "time-namespace", "config-linux.md, Offset for Time Namespace", .warning,
        "Time offsets come with a time namespace."
    ) { config, report in
        let offsets = config["linux"]["timeOffsets"]
        if offsets.value?.members?.isEmpty == false, !config.hasNamespace("time") {
            report(offsets, "has no effect without a time namespace")
        }
    }
}
