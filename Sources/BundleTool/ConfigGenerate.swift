import ArgumentParser
import OCIConfig

/// `bundletool config generate`.
struct ConfigGenerate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write a new configuration that runc and crun start.")

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Where it is written; stdout without it.", valueName: "file"))
    var output: String?

    @OptionGroup var flags: ConfigFlags

    func run() async throws {
        var spec = RuntimeSpec.default()
        try flags.edits().apply(to: &spec)
        try Self.write(spec.encoded(), to: output)
    }

    private static func write(_ text: [UInt8], to output: String?) throws {
        guard let output else { return try StandardStreams.write(text) }
        try NewFile.write(text, to: output)
    }
}
