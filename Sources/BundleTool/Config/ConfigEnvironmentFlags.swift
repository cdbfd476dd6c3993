import ArgumentParser
import OCIConfig

/// The environment and the user of the process.
struct ConfigEnvironmentFlags: ConfigFlagGroup {
    @Flag(name: .customLong("env-clear"), help: "Removes all environment variables first.")
    var environmentClear = false

    @Option(
        name: .customLong("env-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes an environment variable.", valueName: "name"))
    var environmentRemove: [String] = []

    @Option(
        name: .customLong("env-file"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets the environment variables of a file, a NAME=VALUE a line.", valueName: "file"))
    var environmentFiles: [String] = []

    @Option(
        name: .customLong("env"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets an environment variable.", valueName: "name=value"))
    var environment: [String] = []

    @Option(
        name: .customLong("user"), parsing: .unconditional,
        help: ArgumentHelp(
            "As whom the process runs: ids, or names that the container's own files know.", valueName: "user[:group]"))
    var user: String?

    @Option(
        name: .customLong("process-uid"), parsing: .unconditional,
        help: ArgumentHelp("The user id.", valueName: "id"))
    var uid: String?

    @Option(
        name: .customLong("process-gid"), parsing: .unconditional,
        help: ArgumentHelp("The group id.", valueName: "id"))
    var gid: String?

    @Flag(name: .customLong("process-groups-remove-all"), help: "Removes all further groups first.")
    var groupsRemoveAll = false

    @Option(
        name: .customLong("process-groups-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a further group.", valueName: "id"))
    var groupsRemove: [String] = []

    @Option(
        name: .customLong("process-groups"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a further group.", valueName: "id"))
    var groups: [String] = []

    @Option(
        name: .customLong("process-umask"), parsing: .unconditional,
        help: ArgumentHelp("The file mode creation mask; 0o022 is octal.", valueName: "mask"))
    var umask: String?

    @Option(
        name: .customLong("process-username"), parsing: .unconditional,
        help: ArgumentHelp("The user's name, on Windows.", valueName: "name"))
    var username: String?

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if environmentClear { list.unset("process.env") }
        for entry in environmentRemove { list.append(.environment(name: entry, value: nil)) }
        if groupsRemoveAll { list.unset("process.user.additionalGids") }
        for entry in groupsRemove { try list.removeInteger("process.user.additionalGids", entry) }
        for entry in environmentFiles { try list.environmentFile(entry) }
        for entry in environment { try list.environment(entry) }
        if let user { list.append(.user(user)) }
        list.set("process.user.uid", uid)
        list.set("process.user.gid", gid)
        for entry in groups { try list.addInteger("process.user.additionalGids", entry) }
        list.set("process.user.umask", umask)
        list.set("process.user.username", username)
        return list.edits
    }
}
