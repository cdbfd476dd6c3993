extension ValidationRule {
    static let nulBytes = ValidationRule(
        "nul-bytes", "config.md, Process",
        "Arguments, the environment and paths of the process have no NUL, which ends a string in the kernel."
    ) { config, report in
        let process = config["process"]
        for node in [process["cwd"]] + process["args"].elements + process["env"].elements {
            if node.text?.utf8.contains(0) == true { report(node, "has a NUL, which ends a string in the kernel") }
        }
    }
}
