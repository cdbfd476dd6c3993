extension ValidationRule {
    static let hostFilesystems = ValidationRule(
        "host-filesystems", "features.md",
        "With --host: the kernel has the filesystems of the mounts."
    ) { config, report in
        guard let host = report.options.host else { return }
        guard let known = host.filesystems else { return }
        for mount in config["mounts"].elements {
            let options = mount["options"].texts
            guard let type = mount["type"].text, !["bind", "none", "", "cgroup"].contains(type),
                !options.contains("bind"), !options.contains("rbind"), !known.contains(type)
            else { continue }
            report(
                mount["type"], "this kernel has no filesystem '\(type)', unless a module brings it", severity: .warning)
        }
    }
}
