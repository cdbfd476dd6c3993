import ArgumentParser
import Bundles
import OCIConfig

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a bundle from a tarball, a folder, or a recipe.",
        discussion: """
            Without --from, NAME names a recipe: NAME.recipe.json in the current folder, or one that is built in \
            (pyserver). Flags change the configuration after the recipe has.
            """)

    @Argument(help: "The bundle's name below the containers folder.")
    var name: String

    @Option(
        help: ArgumentHelp(
            """
            tar:PATH, dir:PATH, docker-archive:PATH[:REF], oci:DIR[:TAG|@DIGEST], oci-archive:PATH[:TAG|@DIGEST], \
            docker://REF, or bare: a path, which is recognised by its content, or a REF like python:3.12-slim.
            """, valueName: "source"))
    var from: String?

    @Option(help: "Which of an image's platforms, like linux/arm64. Default: this machine's.")
    var platform: String?

    @OptionGroup(title: "Registries") var registry: RegistryFlags
    @OptionGroup var store: StoreOption
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @OptionGroup var containers: ContainersOption
    @OptionGroup var config: ConfigFlags

    func run() async throws {
        let name = try BundleName(name)
        let platform = try platform.map { try ImagePlatform($0) }
        let recipe = try from == nil ? Recipe.find(name) : nil
        let source = try recipe?.source ?? ImageSource(from ?? "")
        var edits = recipe?.edits ?? ConfigEdits()
        let flags = try config.edits()
        edits.edits += flags.edits
        edits.force = flags.force
        let bundle = try await ProgressDisplay.during { [edits] progress in
            try await Interruption.cancelling {
                try await OCIBundle.create(
                    name, in: containers.containersFolder, from: source, files: recipe?.files ?? [], edits: edits,
                    platform: platform, limits: limits.limits, registry: registry.options, store: store.path,
                    progress: progress)
            }
        }
        print(bundle.path)
    }
}

extension ContainersOption {
    var containersFolder: ContainersFolder { ContainersFolder(option: folder) }
}
