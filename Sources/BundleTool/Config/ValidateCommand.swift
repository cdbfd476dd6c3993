import ArgumentParser
import Glibc
import LinuxSystem
import OCIConfig

/// `bundletool validate`.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a bundle's config.json against the runtime specification 1.0.0 to 1.3.x, offline.",
        discussion: """
            Prints every problem on a line of its own: PATH: what is wrong (where the specification says so). Exit \
            status 0 when there is no error; warnings alone do not fail. docs/validation.md lists the rules.
            """)

    @Argument(help: "The bundle's name or path, or - for a configuration on stdin.")
    var bundle: String?

    @Option(
        name: .customLong("config"), help: ArgumentHelp("A lone configuration, without its bundle.", valueName: "file"))
    var config: String?

    @Flag(name: .customLong("strict"), help: "Makes misspelt keys errors, and reports other unknown keys.")
    var strict = false

    @Flag(name: .customLong("host"), help: "Also checks what this kernel and this runtime support.")
    var host = false

    @Option(name: .customLong("runtime"), help: "The runtime that --host asks for its features.")
    var runtime = "runc"

    @Flag(name: .customLong("json"), help: "Prints one JSON object.")
    var json = false

    @OptionGroup var containers: ContainersOption

    func validate() throws {
        if (bundle == nil) == (config == nil) { throw ValidationError("give a bundle, or --config FILE") }
    }

    func run() throws {
        let location =
            config.map(ConfigLocation.init(file:)) ?? ConfigLocation(bundle ?? "-", containers: containers.path)
        var options = ValidationOptions(isStrict: strict)
        if host { options.host = try blocking { [runtime] in await HostSupport.probe(runtime: runtime) } }
        try Self.check(location, options, json: json)
    }

    /// Prints what is wrong.
    static func check(_ location: ConfigLocation, _ options: ValidationOptions, json: Bool) throws {
        let text = try location.read()
        let findings = Validator.findings(in: text, options: options) + location.rootFindings(text)
        let errors = findings.count { $0.severity == .error }
        try StandardStreams.write(json ? Self.json(findings, errors, location) : lines(findings))
        if errors > 0 {
            throw Failure(
                "\(location.name) has \(errors == 1 ? "an error" : "\(errors) errors"); correct what is listed")
        }
    }

    private static func lines(_ findings: [Finding]) -> [UInt8] {
        Array(findings.map { "\(Console.oneLine($0.description))\n" }.joined().utf8)
    }

    private static func json(_ findings: [Finding], _ errors: Int, _ location: ConfigLocation) throws -> [UInt8] {
        struct Answer: Encodable {
            var config: String
            var errors: Int
            var warnings: Int
            var findings: [Finding]
        }
        return try JSONCoding.encode(
            Answer(config: location.name, errors: errors, warnings: findings.count - errors, findings: findings))
    }
}

extension ConfigLocation {
    /// What only the bundle can tell: that the root filesystem is there.
    func rootFindings(_ text: [UInt8]) -> [Finding] {
        guard let bundle, let path = Validator.document(in: text)?.members?["root"]?.members?["path"]?.text,
            !path.isEmpty
        else { return [] }
        var status = stat()
        let root = path.hasPrefix("/") ? path : "\(bundle)/\(path)"
        if stat(root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return [] }
        return [
            Finding(
                severity: .error, path: "root.path", message: "there is no folder \(root)", section: "config.md, Root",
                rule: "root-folder")
        ]
    }
}
