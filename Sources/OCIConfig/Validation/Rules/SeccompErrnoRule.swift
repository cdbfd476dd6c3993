extension ValidationRule {
    static let seccompErrno = ValidationRule(
        "seccomp-errno", "config-linux.md, Seccomp",
        "Only actions that return an error number have one."
    ) { config, report in
        let seccomp = config["linux"]["seccomp"]
        func check(_ action: ConfigNode, _ number: ConfigNode) {
            guard let text = action.text, number.exists, RuntimeSpec.Seccomp.actions.contains(text) else { return }
            if !["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"].contains(text) {
                report(number, "\(text) returns no error number")
            }
        }
        check(seccomp["defaultAction"], seccomp["defaultErrnoRet"])
        for rule in seccomp["syscalls"].elements { check(rule["action"], rule["errnoRet"]) }
    }
}
