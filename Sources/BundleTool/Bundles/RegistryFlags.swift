import ArgumentParser
import Bundles

/// How registries are reached.
struct RegistryFlags: ParsableArguments {
    @Option(
        name: .customLong("insecure-registry"),
        help: ArgumentHelp("May speak plain HTTP or show any certificate. Repeatable.", valueName: "host"))
    var insecure: [String] = []

    @Option(
        name: .customLong("registry-ca"),
        help: ArgumentHelp("Certificates to trust in place of the system's.", valueName: "file"))
    var certificates: String?

    @Option(
        name: .customLong("registry-mirror"),
        help: ArgumentHelp("Where to ask first for a registry's images. Repeatable.", valueName: "host=mirror"))
    var mirrors: [String] = []

    @Option(
        help: ArgumentHelp(
            "Credentials as docker and podman keep them. Default: their own files and helpers.", valueName: "file"))
    var authfile: String?

    var options: RegistryOptions {
        get throws {
            var options = RegistryOptions()
            options.insecure = Set(insecure)
            options.certificates = certificates
            options.authFile = authfile
            for mirror in mirrors {
                let parts = mirror.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw ValidationError("a mirror is given as HOST=MIRROR") }
                options.mirrors[parts[0], default: []].append(parts[1])
            }
            return options
        }
    }
}

/// Where images that were pulled are kept.
struct StoreOption: ParsableArguments {
    @Option(
        name: .customLong("store"),
        help: ArgumentHelp(
            "Where pulled images are kept, an OCI image layout. Default: $BUNDLETOOL_STORE, else a cache folder.",
            valueName: "dir"))
    var folder: String?

    var path: String { folder ?? ImageStore.defaultPath }
}
