import ArgumentParser
import Bundles
import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a server moving while a client downloads: the whole experiment, on this machine.",
        discussion: """
            Makes two bundles in a temporary folder, starts the built-in pyserver on a free port of 127.0.0.1, and moves it \
            to and fro while curl downloads from it: as stop-and-copy and with --predump, at each bandwidth. Removes \
            everything again, also when interrupted.
            """)

    @Option(help: ArgumentHelp("Draw the timelines into this file.", valueName: "file.svg"))
    var report: String?

    @Option(
        name: .customLong("bandwidth"), parsing: .upToNextOption,
        help: ArgumentHelp("The rates to show. Default: 100MB/s 100Mbit/s.", valueName: "rate"))
    var bandwidths: [String] = []

    @Option(help: ArgumentHelp("Random bytes that the server holds, in megabytes.", valueName: "MB"))
    var size = 300

    @Flag(help: "Print a JSON report instead.") var json = false

    @OptionGroup var runtimeOptions: RuntimeOptions
    @OptionGroup var criuOptions: CRIUOptions

    func validate() throws {
        for text in bandwidths where Rate(text) == nil {
            throw ValidationError("'\(text)' is no rate; write it with its unit, as 100MB/s, 100Mbit/s or 10MiB/s")
        }
        guard (1...100_000).contains(size) else { throw ValidationError("--size is from 1 to 100000 megabytes") }
    }

    func run() async throws {
        try Failure.unlessRoot("the demo")
        let picture = try report.map { try ReportFile($0) }
        let runs = try await Interruption.cancelling {
            try await DemoStage.with(size: size, runtime: runtimeOptions, criu: criuOptions, quiet: json) { stage in
                try await perform(stage)
            }
        }
        if json {
            print(try Output.json(runs.map(\.summary)))
        } else {
            print("\n\(DemoRun.table(runs))")
        }
        if let picture {
            try picture.write(TimelineFigure(runs: runs).svg)
            if !json { print("\nThe timelines are drawn in \(picture.path).") }
        }
    }

    private func perform(_ stage: DemoStage) async throws -> [DemoRun] {
        let rates = bandwidths.isEmpty ? ["100MB/s", "100Mbit/s"] : bandwidths
        var runs: [DemoRun] = []
        for rate in rates {
            for precopy in [false, true] {
                let run = try await stage.move(precopy: precopy, bandwidth: rate)
                runs.append(run)
                if !json { print("\n\(run.timeline)") }
            }
        }
        return runs
    }
}

/// The file for the picture, found to be writable before the demo takes its minutes.
private struct ReportFile {
    let path: String

    init(_ path: String) throws {
        self.path = path
        _ = try Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o644)
    }

    func write(_ text: String) throws {
        try Files.write(Array(text.utf8), to: path, mode: 0o644)
    }
}
