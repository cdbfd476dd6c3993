extension ValidationRule {
    static let netDevices = ValidationRule(
        "net-devices", "config-linux.md, Network Devices",
        "Network devices have names that the kernel takes, and a network namespace to move to."
    ) { config, report in
        let devices = config["linux"]["netDevices"]
        if devices.value?.members?.isEmpty == false, !config.hasNamespace("network") {
            report(devices, "needs a network namespace to move the devices to", severity: .warning)
        }
        for (host, device) in devices.members {
            for (name, node) in [(host, device), (device["name"].text ?? "eth", device["name"])]
            where !isInterface(name) {
                report(node, "'\(name)' is no name of a network device")
            }
        }
    }
}

/// At most 15 bytes, neither empty nor `.` nor `..`, without slashes, colons and white space.
private func isInterface(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 15 && name != "." && name != ".."
        && !name.contains { $0 == "/" || $0 == ":" || $0.isWhitespace }
}
