extension ValidationRule {
    static let processUser = ValidationRule(
        "process-user", "config.md, POSIX-platform User",
        "`process.user` has `uid` and `gid` on POSIX platforms."
    ) { config, report in
        let process = config["process"]
        // The specification has the ids for Linux, Solaris and z/OS; FreeBSD has a default.
        guard process.value?.members != nil, config.platform.isPOSIX, config.platform != .freebsd else { return }
        for id in [process["user"]["uid"], process["user"]["gid"]] where !id.exists {
            report(id, "is required and missing")
        }
    }
}
