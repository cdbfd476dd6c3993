extension ValidationRule {
    static let deviceDuplicate = ValidationRule(
        "device-duplicate", "config-linux.md, Devices", .warning,
        "No two devices have the same type and numbers."
    ) { config, report in
        var seen: [[JSONValue]: ConfigPath] = [:]
        for device in config["linux"]["devices"].elements {
            let identity = ["type", "major", "minor"].compactMap { device[$0].value }
            guard identity.count == 3, device["type"].text != "p" else { continue }
            if let first = seen[identity] {
                report(device, "is the same device as \(first)")
            } else {
                seen[identity] = device.path
            }
        }
    }
}
