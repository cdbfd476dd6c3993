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
            docker://REF, store:REF (an image that is kept here), or bare: a path, which is recognised by its \
            content, or a REF like python:3.12-slim.
            """, valueName: "source"))
    var from: String?

    @Flag(
        help: ArgumentHelp(
            """
            As any user: in a user namespace with the ids of /etc/subuid, or with the user's own, the others and the \
            device nodes then being recorded.
            """))
    var rootless = false

    @Option(help: "Which of an image's platforms, like linux/arm64. Default: this machine's.")
    var platform: String?

    @OptionGroup(title: "Registries") var registry: RegistryFlags
    @OptionGroup var store: StoreOption
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @OptionGroup var containers: ContainersOption
    @OptionGroup var config: ConfigFlags

    func run() async throws {
        let name = try BundleName(name)
        if rootless { try Rootless.enter() }
        let owners = rootless ? try Rootless.owners() : nil
        let platform = try platform.map { try ImagePlatform($0) }
        let recipe = try from == nil ? Recipe.find(name) : nil
        let source = try await recipe?.source(store: store.path) ?? ImageSource(from ?? "")
        var edits = recipe?.edits ?? ConfigEdits()
        let flags = try config.edits()
        edits.edits += flags.edits
        edits.force = flags.force
        let bundle = try await ProgressDisplay.during { [edits] progress in
            try await Interruption.cancelling {
                try await OCIBundle.create(
                    name, in: containers.containersFolder, from: source, files: recipe?.files ?? [], edits: edits,
                    platform: platform, limits: limits.limits, registry: registry.options, store: store.path,
                    owners: owners, progress: progress)
            }
        }
        if let owners { Console.note(Rootless.summary(owners)) }
        print(bundle.path)
    }
}

extension ContainersOption {
    var containersFolder: ContainersFolder { ContainersFolder(option: folder) }
}
