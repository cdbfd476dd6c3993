import ArgumentParser
import OCIConfig

/// Labels, hidden paths and kernel parameters.
struct ConfigSecurityFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("linux-apparmor"), parsing: .unconditional,
        help: ArgumentHelp("The AppArmor profile.", valueName: "profile"))
    var apparmor: String?

    @Option(
        name: .customLong("linux-selinux-label"), parsing: .unconditional,
        help: ArgumentHelp("The SELinux label of the process.", valueName: "label"))
    var selinuxLabel: String?

    @Option(
        name: .customLong("linux-mount-label"), parsing: .unconditional,
        help: ArgumentHelp("The SELinux context of the mounts.", valueName: "label"))
    var mountLabel: String?

    @Flag(name: .customLong("linux-masked-paths-remove-all"), help: "Removes all masked paths first.")
    var maskedRemoveAll = false

    @Option(
        name: .customLong("linux-masked-paths-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Lets a path be read again.", valueName: "path"))
    var maskedRemove: [String] = []

    @Option(
        name: .customLong("linux-masked-paths"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Hides a path in the container.", valueName: "path"))
    var masked: [String] = []

    @Flag(name: .customLong("linux-readonly-paths-remove-all"), help: "Removes all read-only paths first.")
    var readonlyRemoveAll = false

    @Option(
        name: .customLong("linux-readonly-paths-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Lets a path be written again.", valueName: "path"))
    var readonlyRemove: [String] = []

    @Option(
        name: .customLong("linux-readonly-paths"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Makes a path in the container read-only.", valueName: "path"))
    var readonly: [String] = []

    @Option(
        name: .customLong("linux-sysctl-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a kernel parameter.", valueName: "name"))
    var sysctlRemove: [String] = []

    @Option(
        name: .customLong("linux-sysctl"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets a kernel parameter.", valueName: "name=value"))
    var sysctl: [String] = []

    @Option(
        name: .customLong("linux-rootfs-propagation"), parsing: .unconditional,
        help: ArgumentHelp("How mounts of the root propagate: shared, slave, private, unbindable.", valueName: "mode"))
    var rootfsPropagation: String?

    @Option(
        name: .customLong("linux-personality"), parsing: .unconditional,
        help: ArgumentHelp("The execution domain: LINUX or LINUX32.", valueName: "domain"))
    var personality: String?

    @Option(
        name: .customLong("linux-memory-policy"), parsing: .unconditional,
        help: ArgumentHelp("The NUMA memory policy, as MPOL_INTERLEAVE:0-3.", valueName: "mode[:nodes]"))
    var memoryPolicy: String?

    @Option(
        name: .customLong("linux-memory-policy-flag"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a flag of the memory policy.", valueName: "flag"))
    var memoryPolicyFlags: [String] = []

    @Option(
        name: .customLong("linux-intelRdt-closid"), parsing: .unconditional,
        help: ArgumentHelp("The Intel RDT class of service.", valueName: "name"))
    var rdtClosID: String?

    @Option(
        name: .customLong("linux-intelRdt-schemata"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a line to the schemata file.", valueName: "line"))
    var rdtSchemata: [String] = []

    @Option(
        name: .customLong("linux-intelRdt-l3CacheSchema"), parsing: .unconditional,
        help: ArgumentHelp("The L3 cache line.", valueName: "line"))
    var rdtL3: String?

    @Option(
        name: .customLong("linux-intelRdt-memBwSchema"), parsing: .unconditional,
        help: ArgumentHelp("The memory bandwidth line.", valueName: "line"))
    var rdtMemory: String?

    @Flag(
        name: .customLong("linux-intelRdt-monitoring"), inversion: .prefixedNo,
        help: "Whether the container gets a monitoring group.")
    var rdtMonitoring: Bool?

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if maskedRemoveAll { list.unset("linux.maskedPaths") }
        for entry in maskedRemove { list.remove("linux.maskedPaths", .string(entry)) }
        if readonlyRemoveAll { list.unset("linux.readonlyPaths") }
        for entry in readonlyRemove { list.remove("linux.readonlyPaths", .string(entry)) }
        for entry in sysctlRemove { list.unset("linux.sysctl", entry) }
        list.set("process.apparmorProfile", apparmor)
        list.set("process.selinuxLabel", selinuxLabel)
        list.set("linux.mountLabel", mountLabel)
        for entry in masked { list.add("linux.maskedPaths", entry) }
        for entry in readonly { list.add("linux.readonlyPaths", entry) }
        for entry in sysctl { try list.pair("linux.sysctl", entry) }
        list.set("linux.rootfsPropagation", rootfsPropagation)
        list.set("linux.personality.domain", personality)
        if let memoryPolicy { list.memoryPolicy(memoryPolicy) }
        for entry in memoryPolicyFlags { list.add("linux.memoryPolicy.flags", entry) }
        list.set("linux.intelRdt.closID", rdtClosID)
        for entry in rdtSchemata { list.add("linux.intelRdt.schemata", entry) }
        list.set("linux.intelRdt.l3CacheSchema", rdtL3)
        list.set("linux.intelRdt.memBwSchema", rdtMemory)
        list.set("linux.intelRdt.enableMonitoring", rdtMonitoring)
        return list.edits
    }
}
