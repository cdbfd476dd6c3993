extension ValidationRule {
    static let deviceNumbers = ValidationRule(
        "device-numbers", "config-linux.md, Devices",
        "A device that is no FIFO has `major` and `minor`."
    ) { config, report in
        for device in config["linux"]["devices"].elements where device.value?.members != nil {
            guard let type = device["type"].text, type != "p" else { continue }
            for number in [device["major"], device["minor"]] where !number.exists {
                report(number, "is required and missing")
            }
        }
    }
}
