import ArgumentParser
import Bundles
import Migrate

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine can do, and what to install for the rest.")

    @OptionGroup var containers: ContainersOption
    @OptionGroup var runtimeOptions: RuntimeOptions
    @OptionGroup var criuOptions: CRIUOptions

    @Flag(help: "Print a JSON array.") var json = false

    func run() async throws {
        let findings = await Diagnosis(
            runtime: runtimeOptions.runtime, stateFolder: runtimeOptions.runtimeRoot, criu: criuOptions.criu,
            containersFolder: containers.containersFolder.path
        ).findings()
        if json {
            print(try Output.json(findings))
        } else {
            print(
                Output.table(
                    findings.map { [$0.verdict.mark, $0.subject, $0.detail + ($0.remedy.map { " → \($0)" } ?? "")] }))
        }
        let missing = findings.filter { $0.verdict == .missing }
        if !missing.isEmpty {
            throw Failure(
                "this machine cannot migrate containers yet, missing: \(missing.map(\.subject).joined(separator: ", "))"
            )
        }
    }
}

extension Finding.Verdict {
    fileprivate var mark: String {
        switch self {
        case .ok: "ok"
        case .optional: "-"
        case .missing: "MISSING"
        }
    }
}
