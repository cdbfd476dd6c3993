import ArgumentParser
import Bundles

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a bundle as an image: the one that it came from, and a layer of what has changed since.",
        discussion: "With SOURCE_DATE_EPOCH set, the same trees give the same bytes.")

    @Argument(help: "The bundle: a name below the containers folder, or a path.")
    var bundle: String

    @Argument(help: "The new file, as oci-archive:PATH or a bare path.")
    var output: String

    @Option(
        help: ArgumentHelp(
            "The image that it came from, where it has moved since. Takes what create --from takes.",
            valueName: "source"))
    var base: String?

    @OptionGroup var containers: ContainersOption
    @OptionGroup(title: "Registries") var registry: RegistryFlags
    @OptionGroup var store: StoreOption

    func run() async throws {
        let bundle = try containers.containersFolder.bundle(bundle)
        try Rootless.refuseOthers(bundle, "export")
        try Rootless.enter(for: bundle)
        let owners = try Rootless.owners()
        let base = try base.map { try ImageSource($0) }
        let path = output.hasPrefix("oci-archive:") ? String(output.dropFirst("oci-archive:".count)) : output
        let registry = try registry.options
        try await ProgressDisplay.during { progress in
            try await Interruption.cancelling {
                try await bundle.export(
                    to: path, base: base, store: store.path, registry: registry, owners: owners, progress: progress)
            }
        }
    }
}
