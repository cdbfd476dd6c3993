extension ValidationRule {
    static let mountSource = ValidationRule(
        "mount-source", "config.md, Mounts", .warning,
        "A bind mount has a source, any other mount a type."
    ) { config, report in
        guard config.platform == .linux else { return }
        for mount in config["mounts"].elements where mount.value?.members != nil {
            let options = mount["options"].texts
            let isBind = mount["type"].text == "bind" || options.contains("bind") || options.contains("rbind")
            if isBind, mount["source"].text ?? "" == "" { report(mount["source"], "a bind mount needs a source") }
            let isChange = options.contains("remount") || options.contains { $0.hasPrefix("move") }
            if !isBind, !isChange, mount["type"].text ?? "" == "" {
                report(mount["type"], "a mount that is no bind mount needs a type")
            }
        }
    }
}
