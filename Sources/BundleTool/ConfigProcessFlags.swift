import ArgumentParser
import OCIConfig

/// What runs in the container.
struct ConfigProcessFlags: ParsableArguments {
    @Flag(
        name: [.customLong("terminal"), .customLong("process-terminal")], inversion: .prefixedNo,
        help: "Whether the process gets a terminal.")
    var terminal: Bool?

    @Option(
        name: .customLong("args"), parsing: .unconditionalSingleValue,
        help: "The program, and repeated, its arguments.")
    var arguments: [String] = []

    @Option(
        name: [.customLong("cwd"), .customLong("process-cwd")], help: "The working directory, absolute.")
    var workingDirectory: String?

    @Option(name: .customLong("env"), help: ArgumentHelp("Sets an environment variable.", valueName: "name=value"))
    var environment: [String] = []

    @Option(
        name: .customLong("env-remove"), help: ArgumentHelp("Removes an environment variable.", valueName: "name"))
    var environmentRemove: [String] = []

    @Flag(name: .customLong("env-clear"), help: "Removes all environment variables first.")
    var environmentClear = false

    @Option(
        name: .customLong("user"),
        help: ArgumentHelp(
            "As whom it runs: ids, or names that the container's own files know.", valueName: "user[:group]"))
    var user: String?

    func edits() throws -> [ConfigEdit] {
        var edits: [ConfigEdit] = []
        if let terminal { edits.append(.terminal(terminal)) }
        if !arguments.isEmpty { edits.append(.arguments(arguments)) }
        if let workingDirectory { edits.append(.workingDirectory(workingDirectory)) }
        if environmentClear { edits.append(.unset(path("process.env"))) }
        for name in environmentRemove { edits.append(.environment(name: name, value: nil)) }
        for entry in environment {
            let (name, value) = try pair(entry, flag: "--env")
            edits.append(.environment(name: name, value: value))
        }
        if let user { edits.append(.user(user)) }
        return edits
    }
}

/// Splits `NAME=VALUE`.
func pair(_ text: String, flag: String) throws -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw ValidationError("\(flag) '\(text)': give NAME=VALUE")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
}
