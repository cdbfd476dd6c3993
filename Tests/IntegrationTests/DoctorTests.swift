import FoundationEssentials
import Migrate
import TestSupport
import Testing

@Suite("Doctor", .requiresRoot, .requires(tool: "runc"), .requiresCRIU)
struct DoctorTests {
    @Test("all there: says what it has found")
    func healthy() async throws {
        try await Stage.empty { stage in
            let version = try await Tool.shell("runc --version | sed -n '1s/.* //p'")
            let text = try await stage.succeed("doctor")
            #expect(text.contains("runc \(version.filter { !$0.isNewline })"))
            #expect(text.contains("CRIU"))
            #expect(!text.contains("MISSING"))
            let findings = try JSONDecoder().decode(
                [Finding].self, from: Data(try await stage.succeed("doctor", "--json").utf8))
            #expect(findings.first { $0.subject == "CRIU" }?.verdict == .ok)
            #expect(findings.first { $0.subject == "runtime" }?.verdict == .ok)
            #expect(findings.allSatisfy { $0.verdict != .missing })
            // It only looks: no containers folder is made.
            #expect(try await Tool.shell("ls -A", in: stage.folder.path) == "")
        }
    }

    @Test("no CRIU, no runtime: exit 1, and what to do")
    func sick() async throws {
        try await Stage.empty { stage in
            stage.set("BUNDLETOOL_CRIU", "/nonexistent")
            let outcome = try await stage.run("doctor")
            expectError(outcome, "CRIU")
            #expect(outcome.output.contains("MISSING"))
            #expect(outcome.output.contains("scripts/setup.sh"))
            let json = try await stage.run("doctor", "--json", "--runtime", "/nonexistent/runc")
            expectError(json, "CRIU", "runtime")
            let findings = try JSONDecoder().decode([Finding].self, from: Data(json.output.utf8))
            #expect(findings.filter { $0.verdict == .missing }.map(\.subject) == ["runtime", "CRIU"])
            #expect(findings.filter { $0.verdict == .missing }.allSatisfy { $0.remedy != nil })
        }
    }
}
