import OCIConfig
import TestSupport
import Testing

@Suite struct ExampleTests {
    /// The library as another package uses it. The build shares nothing with this one, so it takes a while.
    @Test(.requires(tool: "swift"), .requires(tool: "runc"), .timeLimit(.minutes(20)))
    func `another package builds with OCIConfig and hardens runc's own configuration`() async throws {
        let example = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/Examples/harden"
        let folder = try TemporaryFolder()
        let output = try await Tool.shell(
            """
            runc spec
            swift build --package-path '\(example)' --scratch-path build >log 2>&1 || { cat log >&2; exit 1; }
            build/debug/harden < config.json
            """, in: folder.path)
        let spec = try RuntimeSpec(parsing: Array(output.utf8))
        #expect(spec.process?.capabilities?.ambient == nil)
        #expect(spec.linux?.resources?.pids?.limit == 100)
        #expect(spec.annotations == ["com.example.hardened": "true"])
        #expect(Validator.findings(in: spec.json) == [])
    }
}
