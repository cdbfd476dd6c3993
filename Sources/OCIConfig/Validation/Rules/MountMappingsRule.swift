extension ValidationRule {
    static let mountMappings = ValidationRule(
        "mount-mappings", "config.md, POSIX-platform Mounts",
        "`uidMappings` and `gidMappings` of a mount come together."
    ) { config, report in
        for mount in config["mounts"].elements {
            let (users, groups) = (mount["uidMappings"], mount["gidMappings"])
            if users.exists, !groups.exists { report(groups, "is required where uidMappings is set") }
            if groups.exists, !users.exists { report(users, "is required where gidMappings is set") }
        }
    }
}
