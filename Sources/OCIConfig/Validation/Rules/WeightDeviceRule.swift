extension ValidationRule {
    static let weightDevice = ValidationRule(
        "weight-device", "config-linux.md, Block IO",
        "An entry of `weightDevice` has `weight` or `leafWeight`."
    ) { config, report in
        for device in config["linux"]["resources"]["blockIO"]["weightDevice"].elements
        where device.value?.members != nil {
            if !device["weight"].exists, !device["leafWeight"].exists {
                report(device["weight"], "weight or leafWeight is required")
            }
        }
    }
}
