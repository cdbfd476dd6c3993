import ArgumentParser
import OCIConfig
import Testing

@testable import BundleTool

/// One of oci-runtime-tool's flags, with a use of it and what it must come to.
struct FlagUse: Sendable, CustomTestStringConvertible {
    let flag: String
    let arguments: [String]
    /// Where it must have an effect, and which; nil: nothing may be there.
    let path: String
    let value: String?

    init(_ flag: String, _ arguments: [String], _ path: String, _ value: String?) {
        self.flag = flag
        self.arguments = ["--\(flag)"] + arguments
        self.path = path
        self.value = value
    }

    var testDescription: String { arguments.joined(separator: " ") }
}

@Suite struct FlagTests {
    @Test(arguments: FlagUse.all)
    func `each flag of oci-runtime-tool does its work here`(use: FlagUse) throws {
        let command = try ConfigGenerate.parse(use.arguments)
        var document = use.start.json
        try command.flags.edits().apply(to: &document)
        let place = document[try ConfigPath(parsing: use.path)]
        #expect(try place == use.value.map { try JSONCoding.parse(Array($0.utf8)) })
    }

    @Test func `all 131 flags are in the table, or are flags of generate itself`() {
        // The list in words, as oci-runtime-tool 0.9 has it; these five are tested where commands are run.
        let own: Set = ["linux-seccomp-only", "os", "output", "template", "env-file"]
        let covered = Set(FlagUse.all.map(\.flag)).union(own)
        let wanted = FlagUse.ociRuntimeTool
        #expect(wanted.count == 131)
        #expect(wanted.subtracting(covered) == [])
        #expect(covered.subtracting(wanted) == [])
    }

    @Test(arguments: FlagUse.beyond)
    func `what oci-runtime-tool has no flag for`(use: FlagUse) throws {
        let command = try ConfigGenerate.parse(use.arguments)
        var document = use.start.json
        try command.flags.edits().apply(to: &document)
        let place = document[try ConfigPath(parsing: use.path)]
        #expect(try place == use.value.map { try JSONCoding.parse(Array($0.utf8)) })
    }

    @Test(arguments: [
        ["--process-rlimits-add", "RLIMIT_AS:1"], ["--env", "A"], ["--namespace", "pid=x"],
        ["--linux-device-add", "c:1"],
        ["--linux-device-cgroup-add", "maybe"], ["--mounts-add", "{"], ["--set", "a"], ["--set", "a..b=1"],
        ["--linux-uidmappings", "1:2"], ["--linux-seccomp-allow", "a:b"], ["--process-groups", "x"],
        ["--linux-blkio-weight-device", "8:0"], ["--os", "plan9"], ["--annotation", "=x"],
    ])
    func `malformed values are wrong usage`(arguments: [String]) async {
        #expect(await BundleTool.run(arguments: ["config", "generate"] + arguments) == 2)
    }
}
