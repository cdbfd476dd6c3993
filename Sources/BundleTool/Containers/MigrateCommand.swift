import ArgumentParser
import Bundles
import Glibc
import LinuxSystem
import Migrate

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Move a running container to another bundle, connections and all.",
        discussion: """
            Without names: the one running container of the containers folder moves to the one free clone of its bundle, \
            or back to the bundle that it is a clone of. Where the container cannot be started at the destination, it \
            goes on where it was.
            """)

    @Argument(help: "The bundle that the container runs from, or the container's id.") var source: String?
    @Argument(help: "The bundle to move to.") var destination: String?

    @Flag(
        help: """
            Send the memory while the container runs, and only what has changed while it is stopped. This works on \
            every kernel: see --tracking.
            """)
    var predump = false

    @Option(
        help: ArgumentHelp(
            """
            With --predump, how changed pages are found: content compares them all, soft-dirty reads those that the \
            kernel has marked as written, auto is soft-dirty where the kernel can (bundletool doctor says so).
            """, valueName: "auto|content|soft-dirty"))
    var tracking = TrackingChoice.auto

    @Option(
        help: ArgumentHelp("Limit what crosses: 100MB/s, 100Mbit/s, 10MiB/s. Default: no limit.", valueName: "rate"),
        transform: Output.rate(parsing:))
    var bandwidth: Rate?

    @Option(
        help: ArgumentHelp(
            """
            Whether memory crosses compressed: zstd, none, or auto, which compresses what a sample shows to be worth it \
            on this link, and nothing on one machine without --bandwidth.
            """, valueName: "auto|zstd|none"))
    var compress = CompressionChoice.auto

    @Option(
        help: ArgumentHelp(
            """
            Move to another host or state folder: COMMAND starts 'bundletool receive' there and carries its stdin and \
            stdout, as 'ssh host bundletool receive'. DESTINATION is the bundle's name there.
            """, valueName: "command"))
    var receiver: String?

    @Flag(
        help: "With --receiver: move also where the processor there lacks instructions that programs have found here.")
    var ignoreProcessor = false

    @Option(
        help: ArgumentHelp("How the memory of the stopped container is read: held, page-server.", visibility: .hidden))
    var dumpMethod: DumpMethod?

    @Option(
        help: ArgumentHelp(
            "With --predump: rounds end when sending the rest takes no longer than this, as 300ms or 2s.",
            valueName: "time"),
        transform: Output.seconds(parsing:))
    var maxDowntime: Double = 0.3

    @Option(help: ArgumentHelp("With --predump: rounds at the most.", valueName: "number"))
    var maxRounds = 8

    @Option(
        help: ArgumentHelp(
            "With --predump, where the container changes its memory faster than the link carries it: continue or abort.",
            valueName: "what"))
    var onNoConvergence = ConvergenceChoice.continue

    @Option(
        help: ArgumentHelp(
            """
            When the memory is there: eager, before the container goes on; lazy, while it runs, what it asks for first; \
            auto, whichever keeps its clients waiting less: lazy from 64 MiB on.
            """, valueName: "auto|eager|lazy"))
    var restore = RestoreChoice.auto

    @Option(
        help: ArgumentHelp("Limit how fast a lazy restore fills the memory.", visibility: .hidden),
        transform: Output.rate(parsing:))
    var fillRate: Rate?

    @Option(
        help: ArgumentHelp(
            "How long CRIU may take, without the memory, to dump and to restore, as 60s, before it is undone.",
            valueName: "time"),
        transform: Output.seconds(parsing:))
    var timeout: Double = 300

    @Option(
        help: ArgumentHelp(
            """
            What happens to the destination's rootfs: sync makes it the same as the container's, keep leaves it as it \
            is, auto is sync between a bundle and its clone, and keep otherwise, as with --receiver.
            """, valueName: "auto|sync|keep"))
    var rootfs = RootfsChoice.auto

    @Flag(
        help: """
            Only look whether it would work, with --receiver at both ends, and predict what it would take; nothing is \
            moved or stopped.
            """)
    var dryRun = false

    @Flag(help: "Print a JSON report.") var json = false

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions
    @OptionGroup var criuOptions: CRIUOptions

    func validate() throws {
        guard predump || tracking == .auto else { throw ValidationError("--tracking is of use with --predump only") }
        guard (1...1000).contains(maxRounds) else { throw ValidationError("--max-rounds is from 1 to 1000") }
        if receiver != nil, destination == nil {
            throw ValidationError("with --receiver, name the source and the bundle to move to at the receiver")
        }
        if receiver != nil, rootfs == .sync {
            throw ValidationError(
                "--rootfs sync makes two folders of this machine the same; a move with --receiver brings no files")
        }
        guard receiver != nil || !ignoreProcessor else {
            throw ValidationError("--ignore-processor is of use with --receiver only: there is one processor here")
        }
    }

    func run() async throws {
        if dryRun {
            let forecast = try await forecast()
            print(json ? try Output.json(forecast) : Self.summary(forecast))
            return
        }
        let report = try await perform()
        print(json ? try Output.json(report) : Self.summary(report))
    }

    /// Migrates, showing progress.
    func perform() async throws -> MigrationReport {
        try Failure.unlessRoot("migrating a container")
        let runtime = try runtimeOptions.find()
        let criu = try await criuOptions.find()
        if let receiver { return try await perform(through: receiver, runtime, criu) }
        let selection = try await select(runtime)
        try await clearLeftovers(of: selection.container)
        // Held to the end: no second migration, clone or removal comes between.
        let locks = try [selection.container.bundle, selection.destination].map { try OCIBundle(at: $0).lock() }
        defer { withExtendedLifetime(locks) {} }
        return try await migrating(runtime, criu) {
            try await $0.migrate(selection.container, to: selection.destination)
        }
    }

    /// Migrates to a receiver that is a process of its own.
    private func perform(
        through receiver: String, _ runtime: ContainerRuntime, _ criu: CRIUInstallation
    ) async throws -> MigrationReport {
        let container = try await running(runtime)
        try await clearLeftovers(of: container)
        let lock = try OCIBundle(at: container.bundle).lock()
        defer { withExtendedLifetime(lock) {} }
        return try await migrating(runtime, criu) { [destination] in
            try await $0.migrate(container, to: destination ?? "", through: receiver)
        }
    }

    private func running(_ runtime: ContainerRuntime) async throws -> Container {
        try MigrationSelection.running(
            source.map { word in (word, (try? containers.containersFolder.bundle(word))?.path) },
            containers: try await canonicalContainers(of: runtime), bundles: try knownBundles())
    }

    private func migrating(
        _ runtime: ContainerRuntime, _ criu: CRIUInstallation,
        _ body: @escaping @Sendable (Migrator) async throws -> MigrationReport
    ) async throws -> MigrationReport {
        try await ProgressDisplay.during { progress in
            let migrator = Migrator(
                runtime: runtime, criu: criu,
                options: options,
                event: { show($0, in: progress) })
            return try await Interruption.cancelling { try await body(migrator) }
        }
    }

    /// Looks and predicts.
    private func forecast() async throws -> MigrationForecast {
        try Failure.unlessRoot("looking into a container")
        let runtime = try runtimeOptions.find()
        let migrator = Migrator(runtime: runtime, criu: try await criuOptions.find(), options: options)
        if let receiver {
            let container = try await running(runtime)
            return try await Interruption.cancelling { [destination] in
                try await migrator.forecast(container, to: destination ?? "", through: receiver)
            }
        }
        let selection = try await select(runtime)
        return try await Interruption.cancelling {
            try await migrator.forecast(selection.container, to: selection.destination)
        }
    }

    private static func summary(_ forecast: MigrationForecast) -> String {
        let rounds =
            forecast.rounds == 0
            ? "stopped while all of it crosses"
            : "\(forecast.rounds) rounds while it runs, \(ByteCount(forecast.bytes)) in all"
                + (forecast.converges ? "" : ", which do not get shorter")
        return """
            container \(forecast.container) can move to \(forecast.destination)
            memory \(ByteCount(forecast.memory)), of which \(ByteCount(forecast.changing)) change each second; link \
            \(ByteCount(forecast.linkRate))/s
            \(rounds)
            stopped for about \(Output.seconds(forecast.transferSeconds)) and what CRIU itself takes; \
            \(ByteCount(forecast.frozenBytes)) cross meanwhile
            """
    }

    private var options: Migrator.Options {
        var options = Migrator.Options()
        options.precopy = predump
        options.tracking = tracking.tracking
        options.bandwidth = bandwidth
        options.compress = compress
        options.convergence = Convergence(target: maxDowntime, mostRounds: maxRounds)
        options.continuesWithoutConvergence = onNoConvergence == .continue
        options.timeout = .seconds(timeout)
        options.dumpMethod = dumpMethod
        options.rootfs = rootfs
        options.comparesProcessors = !ignoreProcessor
        options.restore = restore
        options.fillRate = fillRate
        options.pageServer = "/proc/self/exe"
        return options
    }

    private func show(_ event: MigrationEvent, in progress: Progress) {
        switch event {
        case .tracking(let tracking): say("changed pages are found by \(tracking.explanation)")
        case .roundBegins(let number, let pages, let predicted):
            say("round \(number): reading \(ByteCount(pages * 4096)) while the container runs")
            let rest = predicted.map { ", rest \(Self.prediction($0))" } ?? ""
            progress.begin("round \(number), running\(rest)", total: pages * 4096)
        case .pagesRead(let pages): progress.advance(by: pages * 4096)
        case .dumping: progress.begin("stopped, sending what changed")
        case .restoring: progress.begin("restoring at the destination")
        case .filling: progress.begin("filling the memory")
        case .rollingBack(let reason): Console.warning("\(reason); bringing the container back at the source")
        case .notConverging(let changing, let link):
            Console.warning("the container changes \(changing) of its memory, and the link carries \(link)")
        case .roundEnds(let number, let round, let predicted):
            let named = round.zero + round.copied
            say(
                "round \(number): sent \(ByteCount(round.pages * 4096)) in \(Output.seconds(round.seconds))"
                    + (named > 0 ? ", and the names of \(ByteCount(named * 4096)) of zeros and copies" : "")
                    + (predicted.map { "; the rest would take \(Self.prediction($0))" } ?? ""))
        case .dumped: break
        }
    }

    private static func prediction(_ seconds: Double) -> String {
        seconds < 0.001 ? "under 1 ms" : Output.seconds(seconds)
    }

    /// A line of progress, at once; a program that reads JSON wants none.
    private func say(_ line: String) {
        if json { return }
        ProgressDisplay.withoutBar {
            print(line)
            fflush(nil)
        }
    }

    /// What a killed migration of a running container has left is of no more use; anything else is for `recover`.
    private func clearLeftovers(of container: Container) async throws {
        for migration in UnfinishedMigration.find(in: containers.containersFolder.path)
        where migration.container == container.id {
            _ = try await migration.recover()
        }
    }

    private func select(_ runtime: ContainerRuntime) async throws -> MigrationSelection {
        try MigrationSelection(
            source: source.map { word in (word, (try? containers.containersFolder.bundle(word))?.path) },
            destination: try destination.map { try containers.containersFolder.bundle($0).path },
            containers: try await canonicalContainers(of: runtime), bundles: try knownBundles())
    }

    private func knownBundles() throws -> [MigrationSelection.Bundle] {
        try containers.containersFolder.bundles().map { bundle in
            MigrationSelection.Bundle(path: bundle.path, origin: try? bundle.origin())
        }
    }

    private func canonicalContainers(of runtime: ContainerRuntime) async throws -> [Container] {
        try await runtime.containers().map { container in
            var container = container
            container.bundle = Files.canonicalPath(container.bundle) ?? container.bundle
            return container
        }
    }

    private static func summary(_ report: MigrationReport) -> String {
        var lines = ["container \(report.container) runs in \(report.destination)"]
        lines.append(
            "stopped for \(Output.seconds(report.frozenSeconds)): dump \(Output.seconds(report.dumpSeconds)), "
                + "restore \(Output.seconds(report.restoreSeconds)), \(ByteCount(report.frozenBytes)) crossed")
        if let fill = report.fill {
            lines.append(
                fill.restarted
                    ? "its memory could not be filled: it was started again from its images, and what it had done since is lost"
                    : "memory filled after \(Output.seconds(fill.seconds)): \(fill.pagesOnDemand) pages on demand, "
                        + "\(fill.pagesBefore + fill.pagesInBackground) in the background")
        }
        return lines.joined(separator: "\n")
    }
}

extension DumpMethod: ExpressibleByArgument {}
extension RootfsChoice: ExpressibleByArgument {}
extension CompressionChoice: ExpressibleByArgument {}
extension RestoreChoice: ExpressibleByArgument {}

/// How changed pages are to be found.
enum TrackingChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case content
    case softDirty = "soft-dirty"

    /// Nil is the migrator's choice.
    var tracking: PageTracking? {
        switch self {
        case .auto: nil
        case .content: .content
        case .softDirty: .softDirty
        }
    }
}

extension PageTracking {
    fileprivate var explanation: String {
        switch self {
        case .content: "content: all of the memory is compared in each round"
        case .softDirty: "soft-dirty: the kernel marks what is written"
        }
    }
}

/// What to do where the rounds do not get shorter.
enum ConvergenceChoice: String, CaseIterable, ExpressibleByArgument {
    case `continue`
    case abort
}
