import ArgumentParser

/// `bundletool config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Make, change and read a bundle's config.json.",
        subcommands: [ConfigGenerate.self, ConfigEditCommand.self, ConfigGet.self, ConfigDiff.self])
}
