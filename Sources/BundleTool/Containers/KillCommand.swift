import ArgumentParser
import Migrate

struct KillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Send a signal to a container's first process.")

    @Argument(help: "The container's id.") var id: String
    @Argument(help: "A signal's name or number.") var signal = "TERM"
    @OptionGroup var runtimeOptions: RuntimeOptions

    func run() async throws {
        let runtime = try runtimeOptions.find()
        try await runtime.existing(id)
        try await runtime.kill(id: id, signal: signal)
    }
}

extension ContainerRuntime {
    /// The container `id`.
    /// - Throws: one sentence where there is none.
    @discardableResult
    func existing(_ id: String) async throws -> Container {
        guard let container = try await container(id) else {
            throw Failure("there is no container '\(id)': 'bundletool list' shows what there is")
        }
        return container
    }
}
