extension ValidationRule {
    static let execCPUAffinity = ValidationRule(
        "exec-cpu-affinity", "config.md, Linux Process",
        "The CPUs of `process.execCPUAffinity` are lists such as `0-3,7`."
    ) { config, report in
        for (_, cpus) in config["process"]["execCPUAffinity"].members {
            if let text = cpus.text, !text.isEmpty, !NumberList.isValid(text) {
                report(cpus, "'\(text)' is no list of CPUs such as 0-3,7")
            }
        }
    }
}
