import ArgumentParser
import OCIConfig

/// What the process may do.
struct ConfigCapabilityFlags: ConfigFlagGroup {
    @Flag(name: .customLong("process-cap-drop-all"), help: "Empties all capability sets first.")
    var dropAll = false

    @Flag(
        name: .customLong("privileged"),
        help: "All capabilities; no seccomp, AppArmor, SELinux, masked or read-only paths.")
    var privileged = false

    @Option(
        name: [.customLong("process-cap-drop"), .customLong("cap-drop")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes capabilities from all five sets.", valueName: "names"))
    var drop: [String] = []

    @Option(
        name: .customLong("process-cap-drop-ambient"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes ambient capabilities.", valueName: "names"))
    var dropAmbient: [String] = []

    @Option(
        name: .customLong("process-cap-drop-bounding"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes bounding capabilities.", valueName: "names"))
    var dropBounding: [String] = []

    @Option(
        name: .customLong("process-cap-drop-effective"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes effective capabilities.", valueName: "names"))
    var dropEffective: [String] = []

    @Option(
        name: .customLong("process-cap-drop-inheritable"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes inheritable capabilities.", valueName: "names"))
    var dropInheritable: [String] = []

    @Option(
        name: .customLong("process-cap-drop-permitted"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes permitted capabilities.", valueName: "names"))
    var dropPermitted: [String] = []

    @Option(
        name: [.customLong("process-cap-add"), .customLong("cap-add")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds capabilities to bounding, effective and permitted.", valueName: "names"))
    var add: [String] = []

    @Option(
        name: .customLong("process-cap-add-ambient"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds ambient capabilities.", valueName: "names"))
    var addAmbient: [String] = []

    @Option(
        name: .customLong("process-cap-add-bounding"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds bounding capabilities.", valueName: "names"))
    var addBounding: [String] = []

    @Option(
        name: .customLong("process-cap-add-effective"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds effective capabilities.", valueName: "names"))
    var addEffective: [String] = []

    @Option(
        name: .customLong("process-cap-add-inheritable"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds inheritable capabilities.", valueName: "names"))
    var addInheritable: [String] = []

    @Option(
        name: .customLong("process-cap-add-permitted"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds permitted capabilities.", valueName: "names"))
    var addPermitted: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if dropAll { list.dropAllCapabilities() }
        if privileged { list.privileged() }
        for entry in drop { list.dropCapabilities(entry) }
        for entry in dropAmbient { list.dropCapabilities(entry, "ambient") }
        for entry in dropBounding { list.dropCapabilities(entry, "bounding") }
        for entry in dropEffective { list.dropCapabilities(entry, "effective") }
        for entry in dropInheritable { list.dropCapabilities(entry, "inheritable") }
        for entry in dropPermitted { list.dropCapabilities(entry, "permitted") }
        for entry in add { list.addCapabilities(entry) }
        for entry in addAmbient { list.addCapabilities(entry, "ambient") }
        for entry in addBounding { list.addCapabilities(entry, "bounding") }
        for entry in addEffective { list.addCapabilities(entry, "effective") }
        for entry in addInheritable { list.addCapabilities(entry, "inheritable") }
        for entry in addPermitted { list.addCapabilities(entry, "permitted") }
        return list.edits
    }
}
