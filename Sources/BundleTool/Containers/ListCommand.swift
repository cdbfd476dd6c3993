import ArgumentParser
import Bundles
import FoundationEssentials
import Migrate

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the runtime's containers, and the bundles they run from.")

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    func run() async throws {
        containers.containersFolder.warnOfUnfinishedMigrations()
        let list = try await runtimeOptions.find().containers()
        if json {
            print(try Output.json(list))
            return
        }
        let rows = list.map { [$0.id, $0.isRunning ? "\($0.pid)" : "-", $0.status, $0.bundle] }
        print(Output.table([["ID", "PID", "STATUS", "BUNDLE"]] + rows))
    }
}
