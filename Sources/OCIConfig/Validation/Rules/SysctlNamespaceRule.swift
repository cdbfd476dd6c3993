extension ValidationRule {
    static let sysctl = ValidationRule(
        "sysctl-namespace", "config-linux.md, Sysctl", .warning,
        "A kernel parameter belongs to a namespace of the container; otherwise it is refused or changes the host."
    ) { config, report in
        for (name, node) in config["linux"]["sysctl"].members {
            let name = name.replacing("/", with: ".")
            let ipc = ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shm_rmid_forced"]
            let isIPC = ipc.contains(name) || name.hasPrefix("kernel.shm") || name.hasPrefix("fs.mqueue.")
            let wanted =
                isIPC ? "ipc" : name.hasPrefix("net.") ? "network" : name.hasSuffix("name") ? "uts" : nil
            if let wanted {
                if !config.hasNamespace(wanted) {
                    report(node, "changes the host without a namespace of type \(wanted)")
                }
            } else if !config.hasNamespace("user") {
                report(node, "belongs to no namespace, so it changes the host or is refused")
            }
        }
    }
}
