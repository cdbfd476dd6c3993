extension ValidationRule {
    static let mountNesting = ValidationRule(
        "mount-nesting", "config.md, Mounts",
        "On Windows no mount is within another."
    ) { config, report in
        guard config.platform == .windows else { return }
        let mounts = config["mounts"].elements.map { $0["destination"] }
        for inner in mounts {
            guard let path = inner.text?.lowercased() else { continue }
            let isNested = mounts.contains { path.hasPrefix(($0.text?.lowercased() ?? "?") + #"\"#) }
            if isNested { report(inner, "is within another mount") }
        }
    }
}
