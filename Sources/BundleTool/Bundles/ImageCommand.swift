import ArgumentParser
import Bundles

/// `bundletool image …`: the images that are kept on this machine.
struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Pull, list, check and remove the images that bundles are made from.",
        subcommands: [
            ImagePull.self, ImageList.self, ImageInspect.self, ImageRemove.self, ImagePrune.self, ImageVerify.self,
            ImageImport.self, ImageExport.self,
        ])
}

struct ImagePull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Fetch an image from its registry.")

    @Argument(help: "The image, like python:3.12-slim or host:5000/team/app@sha256:…")
    var name: String

    @Option(help: "Which platform, like linux/arm64. Default: this machine's.")
    var platform: String?

    @OptionGroup(title: "Registries") var registry: RegistryFlags
    @OptionGroup var store: StoreOption

    func run() async throws {
        let name = try ImageName(name)
        let platform = try platform.map { try ImagePlatform($0) }
        let digest = try await ProgressDisplay.during { progress in
            try await Interruption.cancelling {
                try await ImageStore(store.path).pull(
                    name, platform: platform, options: registry.options, progress: progress)
            }
        }
        print("\(name) \(digest)")
    }
}

struct ImageList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the images that are kept.")

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var store: StoreOption

    private struct Row: Encodable {
        let name: String
        let digest: String
    }

    func run() async throws {
        let rows = try ImageStore(store.path).names().map { Row(name: $0.name, digest: $0.digest) }
        if json { return print(try Output.json(rows)) }
        print(Output.table([["NAME", "DIGEST"]] + rows.map { [$0.name, $0.digest] }))
    }
}

struct ImageInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print an image's configuration as JSON.")

    @Argument var name: String
    @OptionGroup var store: StoreOption

    func run() async throws {
        try StandardStreams.write(try await ImageStore(store.path).inspect(name))
    }
}

struct ImageRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget an image; 'image prune' frees what nobody needs then.")

    @Argument var name: String
    @OptionGroup var store: StoreOption

    func run() async throws {
        try ImageStore(store.path).remove(name)
    }
}

struct ImagePrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove the blobs that no image needs, and what broken pulls left.")

    @OptionGroup var store: StoreOption

    func run() async throws {
        print("freed \(ProgressDisplay.bytes(try ImageStore(store.path).prune()))")
    }
}

struct ImageVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read every blob and name those that are damaged or missing.")

    @OptionGroup var store: StoreOption

    func run() async throws {
        let problems = try ImageStore(store.path).verify()
        for problem in problems { print(problem) }
        if !problems.isEmpty { throw Failure("the store has \(problems.count) damaged or missing blobs") }
    }
}

struct ImageImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Keep an image that an archive or an OCI layout holds.")

    @Argument(help: "docker-archive:PATH[:REF], oci:DIR[:TAG], oci-archive:PATH[:TAG], or a bare path.")
    var source: String

    @Argument(help: "The name to keep it under.")
    var name: String

    @Option(help: "Which platform, like linux/arm64. Default: this machine's.")
    var platform: String?

    @OptionGroup var store: StoreOption

    func run() async throws {
        let source = try ImageSource(source)
        let name = try ImageName(name)
        let platform = try platform.map { try ImagePlatform($0) }
        let digest = try await ProgressDisplay.during { progress in
            try await Interruption.cancelling {
                try await ImageStore(store.path).add(source, as: name, platform: platform, progress: progress)
            }
        }
        print("\(name) \(digest)")
    }
}

struct ImageExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an image that is kept to an OCI archive.")

    @Argument var name: String

    @Argument(help: "The new file, as oci-archive:PATH or a bare path.")
    var output: String

    @OptionGroup var store: StoreOption

    func run() async throws {
        let path = output.hasPrefix("oci-archive:") ? String(output.dropFirst("oci-archive:".count)) : output
        try await ImageStore(store.path).export(name, to: path)
    }
}
