import ArgumentParser
import Migrate

/// Which runtime a command works with.
struct RuntimeOptions: ParsableArguments {
    @Option(help: "runc or crun, by name or path. Default: runc, else crun.")
    var runtime: String?

    @Option(help: ArgumentHelp("The runtime's state folder, as its own --root.", valueName: "dir"))
    var runtimeRoot: String?

    func find() throws -> ContainerRuntime {
        try ContainerRuntime.find(explicit: runtime, stateFolder: runtimeRoot)
    }
}

/// Which CRIU a command works with.
struct CRIUOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "CRIU's path. Default: $BUNDLETOOL_CRIU, else the cache that scripts/setup.sh fills, else PATH.",
            valueName: "path"))
    var criu: String?

    func find() async throws -> CRIUInstallation {
        try await CRIUInstallation.find(explicit: criu)
    }
}
