extension ValidationRule {
    static let hostLabels = ValidationRule(
        "host-labels", "features.md",
        "With --host: AppArmor and SELinux are there where they are used."
    ) { config, report in
        guard let host = report.options.host else { return }
        let process = config["process"]
        if host.hasAppArmor == false, process["apparmorProfile"].text?.isEmpty == false {
            report(process["apparmorProfile"], "this host has no AppArmor")
        }
        for label in [process["selinuxLabel"], config["linux"]["mountLabel"]] where label.text?.isEmpty == false {
            if host.hasSELinux == false { report(label, "this host has no SELinux") }
        }
    }
}
