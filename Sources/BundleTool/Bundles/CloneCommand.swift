import ArgumentParser
import Bundles

struct CloneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone",
        abstract: "Copy a bundle; where the file system can, its data is shared until one side changes it.")

    @Argument(help: "The bundle to clone: a name below the containers folder, or a path.")
    var source: String

    @Argument(help: "The clone's name below the containers folder.")
    var name: String

    @OptionGroup var containers: ContainersOption

    func run() async throws {
        let name = try BundleName(name)
        let source = try containers.containersFolder.bundle(source)
        try Rootless.enter(for: source)
        let clone = try await ProgressDisplay.during { progress in
            try await Interruption.cancelling {
                try await source.clone(as: name, in: containers.containersFolder, progress: progress)
            }
        }
        print(clone.path)
    }
}
