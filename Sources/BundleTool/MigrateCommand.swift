import ArgumentParser
import LinuxSystem
import Migrate

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Move a running container to another bundle, connections and all.")
    @Argument var source: String
    @Argument var destination: String
    @Flag var predump = false
    @Option var bandwidth: String?
    @OptionGroup var runtimeOptions: RuntimeOptions
    @OptionGroup var criuOptions: CRIUOptions

    func run() async throws {
        let runtime = try runtimeOptions.find()
        let containers = try await runtime.containers()
        let selection = try MigrationSelection(source: (source, source), destination: destination, containers: containers, bundles: [])
        let migrator = Migrator(runtime: runtime, criu: try await criuOptions.find(), options: .init(precopy: predump, bandwidth: bandwidth.flatMap { Rate($0) })) { print($0) }
        let report = try await migrator.migrate(selection.container, to: selection.destination)
        print(try Output.json(report))
    }
}
