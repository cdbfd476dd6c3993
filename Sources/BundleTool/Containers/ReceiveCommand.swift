import ArgumentParser
import Bundles
import Glibc
import LinuxSystem
import Migrate

struct ReceiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Be the other end of a migration, on stdin and stdout.",
        discussion: """
            Started by 'bundletool migrate --receiver', over ssh for example. What would make the move fail here is told to \
            the source before anything is disturbed: machine, id, bundle, files. The container is restored here and kept \
            from running until the source, which holds its own frozen, hands it over; at no moment two of them run.
            """)

    @Option(
        help: ArgumentHelp(
            "How long the restore may take, the source's decision included, as 60s.", valueName: "time"),
        transform: Output.seconds(parsing:))
    var timeout: Double = 300

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions
    @OptionGroup var criuOptions: CRIUOptions

    func run() async throws {
        try Failure.unlessRoot("receiving a container")
        guard isatty(0) == 0 else {
            throw Failure("receive is started by 'bundletool migrate --receiver'; stdin and stdout are its connection")
        }
        let folder = containers.containersFolder
        let end = ReceivingEnd(
            runtime: { [runtimeOptions] in try runtimeOptions.find() },
            criu: { [criuOptions] in try await criuOptions.find() }, timeout: .seconds(timeout),
            pageServer: "/proc/self/exe", path: { try folder.bundle($0).path }, lock: { try OCIBundle(at: $0).lock() })
        try await end.serve(
            input: try Descriptor(owning: 0).duplicate(), output: try Descriptor(owning: 1).duplicate())
    }
}
