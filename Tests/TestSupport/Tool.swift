import Glibc
import LinuxSystem
import Subprocess
import SystemPackage

/// Programs that tests start: the real tools that ours is compared with, and our own.
package enum Tool {
    /// What a program that has ended said.
    package struct Outcome: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String
        package var succeeded: Bool { status == 0 }
    }

    package static func path(of name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.map { "\($0)/\(name)" }.first(where: Files.isExecutable)
    }

    /// The `bundletool` that was built together with the tests.
    package static var bundletool: String {
        let folder = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return (folder + ["bundletool"]).joined(separator: "/")
    }

    package static func run(_ program: String, _ arguments: [String], in folder: String? = nil) async throws -> Outcome
    {
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), workingDirectory: folder.map { FilePath($0) },
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// A port that nobody listens on just now.
    package static func freePort() throws -> UInt16 {
        try Descriptor.listenOnLoopback().port
    }

    /// Runs a shell script that must succeed.
    @discardableResult
    package static func shell(_ script: String, in folder: String? = nil) async throws -> String {
        let outcome = try await run("/bin/sh", ["-euc", script], in: folder)
        if !outcome.succeeded { throw ScriptFailure(script: script, outcome: outcome) }
        return outcome.output
    }

    struct ScriptFailure: Error, CustomStringConvertible {
        let script: String
        let outcome: Outcome
        var description: String { "exit \(outcome.status) of:\n\(script)\n\(outcome.errors)" }
    }
}
