import ArgumentParser
import OCIConfig

/// Device nodes and who may use them.
struct ConfigDeviceFlags: ConfigFlagGroup {
    @Flag(name: .customLong("linux-device-remove-all"), help: "Removes all devices first.")
    var devicesRemoveAll = false

    @Option(
        name: .customLong("linux-device-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a device.", valueName: "path"))
    var devicesRemove: [String] = []

    @Option(
        name: .customLong("linux-device-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Adds or replaces a device.", valueName: "type:major:minor:path[:fileMode=n][:uid=n][:gid=n]"))
    var devices: [String] = []

    @Flag(
        name: .customLong("linux-device-cgroup-remove-all"), help: "Removes all rules about the use of devices first.")
    var rulesRemoveAll = false

    @Option(
        name: .customLong("linux-device-cgroup-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a rule, given as it was added.", valueName: "rule"))
    var rulesRemove: [String] = []

    @Option(
        name: .customLong("linux-device-cgroup-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Adds a rule about the use of devices; later rules win.",
            valueName: "allow|deny[,type=c][,major=n][,minor=n][,access=rwm]"))
    var rules: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if devicesRemoveAll { list.unset("linux.devices") }
        for entry in devicesRemove { list.remove("linux.devices", ["path": .string(entry)]) }
        if rulesRemoveAll { list.unset("linux.resources.devices") }
        for entry in rulesRemove { list.remove("linux.resources.devices", try EditList.deviceRule(entry)) }
        for entry in devices { try list.device(entry) }
        for entry in rules { try list.rule(entry) }
        return list.edits
    }
}
