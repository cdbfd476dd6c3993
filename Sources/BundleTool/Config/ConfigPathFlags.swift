import ArgumentParser
import OCIConfig

/// Any member of the specification, by its path.
struct ConfigPathFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("unset"),
        help: ArgumentHelp("Removes a member: linux.resources.cpu, mounts[2].", valueName: "path"))
    var unset: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Sets a member: linux.resources.cpu.burst=20000, process.args='[\"sh\"]'.", valueName: "path=value"))
    var set: [String] = []

    @Option(
        name: .customLong("append"),
        help: ArgumentHelp("Adds to a list: process.args=-v.", valueName: "path=value"))
    var append: [String] = []

    @Flag(name: .customLong("force"), help: "Lets keys and values pass that the specification does not have.")
    var force = false

    func edits() throws -> [ConfigEdit] {
        var edits: [ConfigEdit] = []
        for text in unset { edits.append(.unset(try path(text))) }
        for text in set {
            let (path, value) = try assignment(text, flag: "--set")
            edits.append(.setText(path, value))
        }
        for text in append {
            let (path, value) = try assignment(text, flag: "--append")
            edits.append(.appendText(path, value))
        }
        return edits
    }

    /// The first `=` ends the path; a key with one in it stands in quotes.
    private func assignment(_ text: String, flag: String) throws -> (ConfigPath, String) {
        var quoted = false
        var index = text.startIndex
        while index < text.endIndex, quoted || text[index] != "=" {
            if text[index] == "\"" { quoted.toggle() }
            if text[index] == "\\" { index = text.index(after: index) }
            if index < text.endIndex { index = text.index(after: index) }
        }
        guard index < text.endIndex else { throw ValidationError("\(flag) '\(text)': give PATH=VALUE") }
        return (try path(String(text[..<index])), String(text[text.index(after: index)...]))
    }

    private func path(_ text: String) throws -> ConfigPath {
        do { return try ConfigPath(parsing: text) } catch { throw ValidationError("\(error)") }
    }
}
