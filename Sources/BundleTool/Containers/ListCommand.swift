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
        let runtime = try runtimeOptions.find()
        let list = try await runtime.containersWithEnds()
        await restoreMonitors(of: list, runtime)
        if json {
            print(try Output.json(list))
            return
        }
        let rows = list.map { [$0.id, $0.isRunning ? "\($0.pid)" : "-", Self.status($0), $0.bundle] }
        print(Output.table([["ID", "PID", "STATUS", "BUNDLE"]] + rows))
    }

    /// `running`, `stopped (exit 3)`, `stopped (signal 9)`.
    private static func status(_ container: Container) -> String {
        if let code = container.exitCode { return "\(container.status) (exit \(code))" }
        return container.status + (container.exitSignal.map { " (signal \($0))" } ?? "")
    }

    /// Where a monitor was killed, its container's output has nowhere to go until another one reads it.
    private func restoreMonitors(of list: [Container], _ runtime: ContainerRuntime) async {
        for container in list where container.isRunning || container.status == "paused" {
            if (try? runtime.record(of: container.id).isMonitored) != false { continue }
            do {
                _ = try await runtime.monitor(of: container) {
                    Console.warning(
                        "the monitor of container \(container.id) was killed; another one writes its log now")
                }
            } catch {
                Console.warning("\(error)")
            }
        }
    }
}
