extension ValidationRule {
    static let seccompArgument = ValidationRule(
        "seccomp-argument", "config-linux.md, Seccomp",
        "A system call has six arguments, numbered from 0."
    ) { config, report in
        for rule in config["linux"]["seccomp"]["syscalls"].elements {
            for argument in rule["args"].elements {
                if let index = argument["index"].unsigned, index > 5 {
                    report(argument["index"], "\(index) is not from 0 to 5")
                }
            }
        }
    }
}
