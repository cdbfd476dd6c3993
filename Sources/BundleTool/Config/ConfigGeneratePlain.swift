import ArgumentParser
import OCIConfig

/// `bundletool config generate` without any flag but `--output`. To set up two hundred flags takes the parser several
/// times as long as all else that the command does, so it is spared that where none of them is used.
struct ConfigGeneratePlain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: ConfigGenerate.configuration.abstract)

    @Option(name: [.customShort("o"), .customLong("output")])
    var output: String?

    /// - Parameter arguments: the whole command line, with the program's name.
    static func isEnough(for arguments: [String]) -> Bool {
        guard arguments.dropFirst().starts(with: ["config", "generate"]) else { return false }
        let rest = arguments.dropFirst(3)
        return rest.isEmpty || rest.count == 2 && (rest.first == "-o" || rest.first == "--output")
    }

    func run() throws {
        try ConfigGenerate.write(RuntimeSpec.default().json, to: output)
    }
}
