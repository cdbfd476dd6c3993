import ArgumentParser
import OCIConfig

/// Which system calls are allowed. A CALL is name, or name:index:value:valueTwo:op for one argument.
struct ConfigSeccompFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("linux-seccomp-profile"), parsing: .unconditional,
        help: ArgumentHelp(
            "Replaces the profile: bundletool's own, none, or that of a JSON file.", valueName: "default|none|file"))
    var profile: String?

    @Flag(name: .customLong("linux-seccomp-remove-all"), help: "Removes all rules first.")
    var removeAll = false

    @Option(
        name: .customLong("linux-seccomp-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes the rules of calls.", valueName: "calls"))
    var remove: [String] = []

    @Option(
        name: .customLong("linux-seccomp-default-force"), parsing: .unconditional,
        help: ArgumentHelp("What happens to every other call; keeps all rules.", valueName: "action"))
    var defaultForce: String?

    @Option(
        name: .customLong("linux-seccomp-default"), parsing: .unconditional,
        help: ArgumentHelp("What happens to every other call; drops rules that say the same.", valueName: "action"))
    var defaultAction: String?

    @Option(
        name: .customLong("linux-seccomp-default-errno"), parsing: .unconditional,
        help: ArgumentHelp("The error number of the default action.", valueName: "n"))
    var defaultErrno: String?

    @Option(
        name: .customLong("linux-seccomp-arch"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds architectures, as SCMP_ARCH_X86 or amd64.", valueName: "names"))
    var architectures: [String] = []

    @Option(
        name: .customLong("linux-seccomp-flag"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a flag of seccomp(2).", valueName: "flag"))
    var flags: [String] = []

    @Option(
        name: .customLong("linux-seccomp-listener-path"), parsing: .unconditional,
        help: ArgumentHelp("The socket that gets the descriptor for notify.", valueName: "path"))
    var listenerPath: String?

    @Option(
        name: .customLong("linux-seccomp-listener-metadata"), parsing: .unconditional,
        help: ArgumentHelp("What the listener is told besides.", valueName: "text"))
    var listenerMetadata: String?

    @Option(
        name: .customLong("linux-seccomp-errno"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that fail; name=n gives the error number.", valueName: "calls"))
    var errno: [String] = []

    @Option(
        name: .customLong("linux-seccomp-kill"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that kill the process.", valueName: "calls"))
    var kill: [String] = []

    @Option(
        name: .customLong("linux-seccomp-trace"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that a tracer is told of.", valueName: "calls"))
    var trace: [String] = []

    @Option(
        name: .customLong("linux-seccomp-trap"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that raise SIGSYS.", valueName: "calls"))
    var trap: [String] = []

    @Option(
        name: .customLong("linux-seccomp-log"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that are logged.", valueName: "calls"))
    var log: [String] = []

    @Option(
        name: .customLong("linux-seccomp-notify"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that the listener decides about.", valueName: "calls"))
    var notify: [String] = []

    @Option(
        name: .customLong("linux-seccomp-allow"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Calls that are allowed.", valueName: "calls"))
    var allow: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        if removeAll { list.unset("linux.seccomp.syscalls") }
        if let profile { try list.seccompProfile(profile) }
        for entry in remove { list.seccompRemove(entry) }
        if let defaultForce { list.seccompDefault(defaultForce, force: true) }
        if let defaultAction { list.seccompDefault(defaultAction, force: false) }
        list.set("linux.seccomp.defaultErrnoRet", defaultErrno)
        for entry in architectures { list.seccompArchitectures(entry) }
        for entry in flags { list.add("linux.seccomp.flags", entry) }
        list.set("linux.seccomp.listenerPath", listenerPath)
        list.set("linux.seccomp.listenerMetadata", listenerMetadata)
        for entry in errno { try list.seccompRules("errno", entry) }
        for entry in kill { try list.seccompRules("kill", entry) }
        for entry in trace { try list.seccompRules("trace", entry) }
        for entry in trap { try list.seccompRules("trap", entry) }
        for entry in log { try list.seccompRules("log", entry) }
        for entry in notify { try list.seccompRules("notify", entry) }
        for entry in allow { try list.seccompRules("allow", entry) }
        return list.edits
    }
}
