/// `--process-terminal=false`, as users of oci-runtime-tool write it, for flags that are `--no-process-terminal` here.
enum GoStyleFlags {
    /// Every flag of a configuration that has a `--no-` form. A test compares them with the help.
    static let names: Set<String> = [
        "terminal", "process-terminal", "process-no-new-privileges", "rootfs-readonly", "read-only",
        "linux-disable-oom-kill", "linux-mem-check-before-update", "linux-intelRdt-monitoring",
        "windows-ignore-flushes-during-boot", "windows-network-allowunqualifieddnsquery", "windows-servicing",
    ]

    /// The arguments in the form that the parser knows; everything after `--` stays as it is.
    static func rewritten(_ arguments: [String]) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].map(rewritten) + arguments[end...]
    }

    private static func rewritten(_ argument: String) -> String {
        guard argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") else { return argument }
        let name = argument[..<equals].dropFirst(2)
        guard names.contains(String(name)) else { return argument }
        switch argument[argument.index(after: equals)...] {
        case "true": return "--\(name)"
        case "false": return "--no-\(name)"
        default: return argument
        }
    }
}
