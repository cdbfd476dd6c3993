extension ValidationRule {
    static let hostCgroup = ValidationRule(
        "host-cgroup", "features.md",
        "With --host: settings fit the version of control groups."
    ) { config, report in
        guard let host = report.options.host else { return }
        let resources = config["linux"]["resources"]
        if host.isUnifiedCgroup == false, resources["unified"].value?.members?.isEmpty == false {
            report(resources["unified"], "this host has control groups of version 1")
        }
        if host.isUnifiedCgroup == true, resources["network"].value?.members?.isEmpty == false {
            report(
                resources["network"], "this host has control groups of version 2, without network classes",
                severity: .warning)
        }
    }
}
