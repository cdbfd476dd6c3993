import ArgumentParser
import OCIConfig

/// Commands at points of the container's life.
struct ConfigHookFlags: ConfigFlagGroup {
    @Flag(name: .customLong("hooks-prestart-remove-all"), help: "Removes all prestart hooks first.")
    var prestartRemoveAll = false

    @Flag(name: .customLong("hooks-createruntime-remove-all"), help: "Removes all createRuntime hooks first.")
    var createRuntimeRemoveAll = false

    @Flag(name: .customLong("hooks-createcontainer-remove-all"), help: "Removes all createContainer hooks first.")
    var createContainerRemoveAll = false

    @Flag(name: .customLong("hooks-startcontainer-remove-all"), help: "Removes all startContainer hooks first.")
    var startContainerRemoveAll = false

    @Flag(name: .customLong("hooks-poststart-remove-all"), help: "Removes all poststart hooks first.")
    var poststartRemoveAll = false

    @Flag(name: .customLong("hooks-poststop-remove-all"), help: "Removes all poststop hooks first.")
    var poststopRemoveAll = false

    @Option(
        name: .customLong("hooks-prestart-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a hook, as its JSON or the path of its program.", valueName: "json"))
    var prestart: [String] = []

    @Option(
        name: .customLong("hooks-createruntime-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("In the runtime's namespace, before pivot_root.", valueName: "json"))
    var createRuntime: [String] = []

    @Option(
        name: .customLong("hooks-createcontainer-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("In the container's namespace, before pivot_root.", valueName: "json"))
    var createContainer: [String] = []

    @Option(
        name: .customLong("hooks-startcontainer-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("In the container, just before its process.", valueName: "json"))
    var startContainer: [String] = []

    @Option(
        name: .customLong("hooks-poststart-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("After the process has started.", valueName: "json"))
    var poststart: [String] = []

    @Option(
        name: .customLong("hooks-poststop-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("After the container is deleted.", valueName: "json"))
    var poststop: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if prestartRemoveAll { list.unset("hooks.prestart") }
        if createRuntimeRemoveAll { list.unset("hooks.createRuntime") }
        if createContainerRemoveAll { list.unset("hooks.createContainer") }
        if startContainerRemoveAll { list.unset("hooks.startContainer") }
        if poststartRemoveAll { list.unset("hooks.poststart") }
        if poststopRemoveAll { list.unset("hooks.poststop") }
        for entry in prestart { try list.hook("hooks.prestart", entry) }
        for entry in createRuntime { try list.hook("hooks.createRuntime", entry) }
        for entry in createContainer { try list.hook("hooks.createContainer", entry) }
        for entry in startContainer { try list.hook("hooks.startContainer", entry) }
        for entry in poststart { try list.hook("hooks.poststart", entry) }
        for entry in poststop { try list.hook("hooks.poststop", entry) }
        return list.edits
    }
}
