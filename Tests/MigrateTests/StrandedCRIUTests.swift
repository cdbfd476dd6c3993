import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

/// A program named criu stands for CRIU: which of its children lives on after it is up to the moment it dies at.
@Suite struct StrandedCRIUTests {
    /// Starts a child that stops itself, and says its number; then waits, where it shall.
    private static let criu = """
        #!/bin/bash
        if [[ $1 == child ]]; then kill -STOP $$; fi
        "$0" child </dev/null &
        echo $!
        [[ $1 == stay ]] || exit 0
        exec {never}<> <(:)
        read -u $never
        """

    @Test("the stopped child of a CRIU that is gone is ended, one of a CRIU that works is not")
    func ended() async throws {
        let folder = try TemporaryFolder()
        let criu = "\(folder.path)/criu"
        try Files.write(Array(Self.criu.utf8), to: criu, mode: 0o700)
        let environment = ["PATH": "\(folder.path):/usr/bin:/bin"]
        let working = try await RunningProgram.start("/bin/bash", [criu, "stay"], environment: environment)
        let gone = try await RunningProgram.start("/bin/bash", [criu], environment: environment)
        let stranded = try await child(of: gone)
        let kept = try await child(of: working)
        defer { kill(kept, SIGKILL) }
        _ = try await gone.outcome()
        try await wait(for: "a stranded child") { ContainerProcess.status(of: stranded)?.parent != gone.pid }

        StrandedCRIU(criuFolder: "\(folder.path)/of-another").end()
        #expect(ContainerProcess.isAlive(stranded))
        StrandedCRIU(criuFolder: folder.path).end()
        try await wait(for: "its end") { !ContainerProcess.isAlive(stranded) }
        #expect(ContainerProcess.isAlive(kept))
    }

    private func child(of program: RunningProgram) async throws -> Int32 {
        var child: Int32?
        try await wait(for: "a child that has stopped") {
            child = Int32(program.output.split(separator: "\n").first ?? "")
            return child.flatMap { ContainerProcess.status(of: $0)?.state } == "T"
        }
        return try #require(child)
    }
}
