import ArgumentParser

/// `bundletool config`.
struct ConfigCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "config",
            abstract: "Make, change and read a bundle's config.json.",
            subcommands: [
                ConfigGeneratePlain.isEnough(for: CommandLine.arguments)
                    ? ConfigGeneratePlain.self : ConfigGenerate.self,
                ConfigEditCommand.self, ConfigGet.self, ConfigDiff.self,
            ])
    }
}
