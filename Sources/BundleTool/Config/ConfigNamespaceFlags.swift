import ArgumentParser
import OCIConfig

/// Namespaces and what is mapped into them.
struct ConfigNamespaceFlags: ConfigFlagGroup {
    @Flag(name: .customLong("linux-namespace-remove-all"), help: "Removes all namespaces first.")
    var removeAll = false

    @Option(
        name: .customLong("linux-namespace-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a namespace: the host's is used.", valueName: "type"))
    var remove: [String] = []

    @Option(
        name: .customLong("linux-namespace-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a namespace, new or that of a path.", valueName: "type[:path]"))
    var add: [String] = []

    @Option(
        name: .customLong("namespace"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Where a namespace comes from: new, host, or the path of one.", valueName: "type=source"))
    var namespaces: [String] = []

    @Flag(name: .customLong("linux-uidmappings-remove-all"), help: "Removes all user id mappings first.")
    var uidMappingsRemoveAll = false

    @Option(
        name: .customLong("linux-uidmappings"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a user id mapping, and a user namespace.", valueName: "host:container:size"))
    var uidMappings: [String] = []

    @Flag(name: .customLong("linux-gidmappings-remove-all"), help: "Removes all group id mappings first.")
    var gidMappingsRemoveAll = false

    @Option(
        name: .customLong("linux-gidmappings"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a group id mapping, and a user namespace.", valueName: "host:container:size"))
    var gidMappings: [String] = []

    @Option(
        name: .customLong("linux-time-offset"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("How the clock monotonic or boottime differs.", valueName: "clock=secs[.nanosecs]"))
    var timeOffsets: [String] = []

    @Option(
        name: .customLong("linux-net-device-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a network device.", valueName: "name"))
    var netDevicesRemove: [String] = []

    @Option(
        name: .customLong("linux-net-device-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Moves a network device of the host into the container.", valueName: "host[:name]"))
    var netDevices: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if removeAll { list.unset("linux.namespaces") }
        for entry in remove { list.append(.namespace(entry, .host)) }
        if uidMappingsRemoveAll { list.unset("linux.uidMappings") }
        if gidMappingsRemoveAll { list.unset("linux.gidMappings") }
        for entry in netDevicesRemove { list.unset("linux.netDevices", entry) }
        for entry in add { try list.namespace(entry) }
        for entry in namespaces { try list.namespaceSource(entry) }
        for entry in uidMappings { try list.mapping("linux.uidMappings", entry) }
        for entry in gidMappings { try list.mapping("linux.gidMappings", entry) }
        for entry in timeOffsets { try list.timeOffset(entry) }
        for entry in netDevices { try list.netDevice(entry) }
        return list.edits
    }
}
