extension ValidationRule {
    static let devicePath = ValidationRule(
        "device-path", "config-linux.md, Devices",
        "The path of a device is absolute."
    ) { config, report in
        for device in config["linux"]["devices"].elements {
            if let text = device["path"].text, !text.hasPrefix("/") {
                report(device["path"], "'\(text)' is not absolute")
            }
        }
    }
}
