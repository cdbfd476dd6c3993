extension ValidationRule {
    static let mountDestination = ValidationRule(
        "mount-destination", "config.md, Mounts",
        "`destination` is absolute; on Linux it may be relative from 1.2.0 on, which is deprecated."
    ) { config, report in
        for mount in config["mounts"].elements {
            let destination = mount["destination"]
            guard let text = destination.text, !text.hasPrefix("/") else { continue }
            if config.platform == .windows, text.dropFirst().hasPrefix(":") { continue }
            if text.isEmpty {
                report(destination, "is empty")
            } else if config.platform == .linux, let version = config.version,
                !version.lexicographicallyPrecedes([1, 2, 0])
            {
                report(destination, "'\(text)' is relative, which is deprecated", severity: .warning)
            } else {
                report(destination, "'\(text)' is not absolute")
            }
        }
    }
}
