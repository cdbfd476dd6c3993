import ArgumentParser
import OCIConfig

/// The container as a whole.
struct ConfigContainerFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("hostname"), parsing: .unconditional,
        help: ArgumentHelp("The hostname in the container.", valueName: "name"))
    var hostname: String?

    @Option(
        name: .customLong("domainname"), parsing: .unconditional,
        help: ArgumentHelp("The NIS domain name in the container.", valueName: "name"))
    var domainname: String?

    @Option(
        name: .customLong("rootfs-path"), parsing: .unconditional,
        help: ArgumentHelp("The root filesystem: absolute, or relative to the bundle.", valueName: "path"))
    var rootfsPath: String?

    @Flag(
        name: [.customLong("rootfs-readonly"), .customLong("read-only")], inversion: .prefixedNo,
        help: "Whether the container may not write to its root filesystem.")
    var rootfsReadonly: Bool?

    @Option(
        name: .customLong("oci-version"), parsing: .unconditional,
        help: ArgumentHelp("The version of the specification that the configuration follows.", valueName: "version"))
    var ociVersion: String?

    @Option(
        name: [.customLong("annotation-remove"), .customLong("label-remove")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes an annotation.", valueName: "key"))
    var annotationsRemove: [String] = []

    @Option(
        name: [.customLong("annotation"), .customLong("label")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets an annotation.", valueName: "key=value"))
    var annotations: [String] = []

    @Flag(name: .customLong("mounts-remove-all"), help: "Removes all mounts first.")
    var mountsRemoveAll = false

    @Option(
        name: .customLong("mounts-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a mount.", valueName: "destination"))
    var mountsRemove: [String] = []

    @Option(
        name: .customLong("mounts-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Adds or replaces a mount: JSON, or a bind as source:destination[:options].", valueName: "json"))
    var mounts: [String] = []

    @Option(
        name: .customLong("mounts-uidmapping"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a user id mapping to a mount.", valueName: "destination:host:container:size"))
    var mountUIDMappings: [String] = []

    @Option(
        name: .customLong("mounts-gidmapping"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a group id mapping to a mount.", valueName: "destination:host:container:size"))
    var mountGIDMappings: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        for entry in annotationsRemove { list.append(.annotation(entry, nil)) }
        if mountsRemoveAll { list.unset("mounts") }
        for entry in mountsRemove { list.remove("mounts", ["destination": .string(entry)]) }
        list.set("hostname", hostname)
        list.set("domainname", domainname)
        list.set("root.path", rootfsPath)
        list.set("root.readonly", rootfsReadonly)
        list.set("ociVersion", ociVersion)
        for entry in annotations { try list.pair("annotations", entry) }
        for entry in mounts { try list.mount(entry) }
        for entry in mountUIDMappings { list.append(try list.mountMapping("uidMappings", entry)) }
        for entry in mountGIDMappings { list.append(try list.mountMapping("gidMappings", entry)) }
        return list.edits
    }
}
