extension ValidationRule {
    static let hostname = ValidationRule(
        "hostname-namespace", "config.md, Hostname", .warning,
        "A hostname or domain name comes with a UTS namespace; without one runtimes refuse it or change the host."
    ) { config, report in
        guard config.platform == .linux, !config.hasNamespace("uts") else { return }
        for name in [config["hostname"], config["domainname"]] where name.text?.isEmpty == false {
            report(name, "is set without a UTS namespace, so it is refused or changes the host's")
        }
    }
}
