extension ValidationRule {
    static let seccompNotify = ValidationRule(
        "seccomp-notify", "config-linux.md, Seccomp", .warning,
        "`SCMP_ACT_NOTIFY` comes with `listenerPath`."
    ) { config, report in
        let seccomp = config["linux"]["seccomp"]
        let actions = [seccomp["defaultAction"]] + seccomp["syscalls"].elements.map { $0["action"] }
        guard let notify = actions.first(where: { $0.text == "SCMP_ACT_NOTIFY" }) else { return }
        if !seccomp["listenerPath"].exists { report(notify, "nobody listens without linux.seccomp.listenerPath") }
    }
}
