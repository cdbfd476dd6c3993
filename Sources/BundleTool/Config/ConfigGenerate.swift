import ArgumentParser
import Glibc
import OCIConfig

/// `bundletool config generate`.
struct ConfigGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write a new configuration that runc and crun start, safer than their own.",
        discussion: """
            Without flags: few capabilities, no new privileges, a seccomp profile, masked and read-only paths, \
            namespaces of its own. Every flag below also changes an existing configuration: see config edit.
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Where it is written; stdout without it.", valueName: "file"))
    var output: String?

    @Option(
        name: .customLong("template"),
        help: ArgumentHelp("A configuration to start from.", valueName: "file"))
    var template: String?

    @Flag(name: .customLong("rootless"), help: "One that the calling user starts without root.")
    var rootless = false

    @Option(
        name: .customLong("os"),
        help: ArgumentHelp("For which system: linux, solaris, windows, freebsd or zos.", valueName: "system"))
    var system: String?

    @Flag(name: .customLong("linux-seccomp-only"), help: "Prints the seccomp profile alone.")
    var seccompOnly = false

    @OptionGroup var flags: ConfigFlags

    func validate() throws {
        if let system, RuntimeSpec.base(for: system) == nil {
            throw ValidationError("--os '\(system)': give linux, solaris, windows, freebsd or zos")
        }
    }

    func run() throws {
        let edits = try flags.edits()
        var document = try base().json
        try edits.apply(to: &document)
        if !edits.force { document = try JSONCoding.decode(RuntimeSpec.self, from: document).json }
        if seccompOnly {
            guard let profile = document.members?["linux"]?.members?["seccomp"] else {
                throw Failure("the configuration has no seccomp profile to print")
            }
            document = profile
        }
        try Self.write(document, to: output)
    }

    static func write(_ document: JSONValue, to output: String?) throws {
        let text = JSONCoding.text(document)
        if let output { try NewFile.write(text, to: output) } else { try StandardStreams.write(text) }
    }

    private func base() throws -> RuntimeSpec {
        var spec = RuntimeSpec.base(for: system ?? "linux") ?? .default()
        if let template {
            do {
                spec = try RuntimeSpec(parsing: ConfigLocation(file: template).read())
            } catch let error as ConfigError {
                throw Failure("cannot start from \(template): \(error)")
            }
        }
        if rootless { spec.makeRootless(uid: geteuid(), gid: getegid()) }
        return spec
    }
}
