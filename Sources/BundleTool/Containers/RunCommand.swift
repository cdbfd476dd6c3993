import ArgumentParser
import Bundles
import Migrate
import OCIConfig

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Start a bundle's container in the background.",
        discussion: """
            The container's id is the bundle's name, and stays when the container moves to another bundle. Its stdio is \
            /dev/null: a checkpoint cannot carry files of the host.
            """)

    @Argument(help: "The bundle.") var bundle: String

    @Option(help: "Another id than the bundle's name.") var id: String?

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions

    func run() async throws {
        let bundle = try containers.containersFolder.bundle(bundle)
        let runtime = try runtimeOptions.find()
        let id = id ?? bundle.name
        // Held until the container runs: a migration into this bundle, or its removal, must not come between.
        let lock = try bundle.lock()
        defer { withExtendedLifetime(lock) {} }
        if try bundle.spec().process?.terminal == true {
            throw Failure(
                "bundle \(bundle.name) wants a terminal, which a container in the background has not: "
                    + "'bundletool config edit \(self.bundle) --terminal=false' turns it off")
        }
        if let taken = try await runtime.container(id) {
            throw Failure(
                "container \(id) is there already, \(taken.status), in \(taken.bundle): 'bundletool delete\(taken.isRunning ? " --force" : "") "
                    + "\(id)' removes it, '--id' chooses another id")
        }
        try await runtime.run(id: id, bundle: bundle.path)
        print(id)
    }
}
