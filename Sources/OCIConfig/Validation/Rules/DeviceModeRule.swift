extension ValidationRule {
    static let deviceMode = ValidationRule(
        "device-mode", "config-linux.md, Devices",
        "`fileMode` is from 0 to 511; with the bits of the device's own type, as podman writes it, it is a warning."
    ) { config, report in
        let types: [String: UInt64] = ["c": 0o020000, "u": 0o020000, "b": 0o060000, "p": 0o010000]
        for device in config["linux"]["devices"].elements {
            let mode = device["fileMode"]
            guard let bits = mode.unsigned, bits > 0o777 else { continue }
            if bits & ~0o777 == types[device["type"].text ?? ""] {
                report(mode, "\(bits) has the bits of the type, which belong into type alone", severity: .warning)
            } else {
                report(mode, "\(bits) is not from 0 to 511")
            }
        }
    }
}
