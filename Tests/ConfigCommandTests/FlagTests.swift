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
    static let groups: [any ConfigFlagGroup.Type] = [
        ConfigProcessFlags.self, ConfigEnvironmentFlags.self, ConfigCapabilityFlags.self, ConfigContainerFlags.self,
        ConfigHookFlags.self, ConfigNamespaceFlags.self, ConfigDeviceFlags.self, ConfigResourceFlags.self,
        ConfigBlockIOFlags.self, ConfigSeccompFlags.self, ConfigSecurityFlags.self, ConfigPlatformFlags.self,
        ConfigPathFlags.self,
    ]

    /// The group of each flag, by the words of its help.
    private static let owners: [String: any ConfigFlagGroup.Type] = groups.reduce(into: [:]) { owners, group in
        for word in words(of: group.helpMessage()) { owners[word] = group }
    }

    private static func words(of help: String) -> Set<String> {
        Set(help.split { $0.isWhitespace || $0 == "," || $0 == "/" }.filter { $0.hasPrefix("--") }.map(String.init))
    }

    /// To parse one group is quick; that all groups are in the command is tested below.
    private static func parse(_ arguments: [String]) throws -> any ConfigFlagGroup {
        try #require(owners[arguments[0]]).parse(arguments)
    }

    @Test(arguments: FlagUse.all + FlagUse.beyond)
    func `each flag of oci-runtime-tool, and more, does its work`(use: FlagUse) throws {
        let parsed = try Self.parse(use.arguments)
        var document = use.start.json
        try ConfigEdits(parsed.edits()).apply(to: &document)
        let place = document[try ConfigPath(parsing: use.path)]
        #expect(try place == use.value.map { try JSONCoding.parse(Array($0.utf8)) })
    }

    @Test func `all 131 flags are in the table and in the help`() {
        // These five are tested where commands are run.
        let own: Set = ["linux-seccomp-only", "os", "output", "template", "env-file"]
        let covered = Set(FlagUse.all.map(\.flag)).union(own)
        #expect(FlagUse.ociRuntimeTool.count == 131)
        #expect(FlagUse.ociRuntimeTool.symmetricDifference(covered) == [])
        let help = Set(Self.words(of: ConfigGenerate.helpMessage()).map { String($0.dropFirst(2)) })
        #expect(FlagUse.ociRuntimeTool.union(FlagUse.beyond.map(\.flag)).subtracting(help) == [])
    }

    @Test func `flags of all groups compose`() throws {
        let command = try ConfigEditCommand.parse([
            "x", "--args", "a", "--env", "A=1", "--process-cap-add", "mknod", "--hostname", "h", "--hooks-poststop-add",
            "/x", "--namespace", "pid=host", "--linux-device-add", "p:::/dev/f", "--linux-cpus", "0",
            "--linux-blkio-weight", "10", "--linux-seccomp-allow", "mount", "--linux-masked-paths", "/m",
            "--vm-kernel-path", "/k", "--set", "domainname=d",
        ])
        var spec = RuntimeSpec.default()
        try command.flags.edits().apply(to: &spec)
        #expect(spec.process?.args == ["a"])
        #expect(spec.process?.env?.last == "A=1")
        #expect(spec.process?.capabilities?.permitted?.last == "CAP_MKNOD")
        #expect(spec.hostname == "h" && spec.domainname == "d")
        #expect(spec.hooks?.poststop?.first?.path == "/x")
        #expect(spec.linux?.namespaces?.contains { $0.type == "pid" } == false)
        #expect(spec.linux?.devices?.first?.path == "/dev/f")
        #expect(spec.linux?.resources?.cpu?.cpus == "0")
        #expect(spec.linux?.resources?.blockIO?.weight == 10)
        #expect(spec.linux?.seccomp?.syscalls?.first?.names?.contains("mount") == true)
        #expect(spec.linux?.seccomp?.syscalls?[1].names?.contains("mount") == false)
        #expect(spec.linux?.maskedPaths?.last == "/m")
        #expect(spec.vm?.kernel?.path == "/k")
    }

    @Test(arguments: [
        ["--process-rlimits-add", "RLIMIT_AS:1"], ["--env", "A"], ["--namespace", "pid=x"],
        ["--linux-device-add", "c:1"],
        ["--linux-device-cgroup-add", "maybe"], ["--mounts-add", "{"], ["--set", "a"], ["--set", "a..b=1"],
        ["--linux-uidmappings", "1:2"], ["--linux-seccomp-allow", "a:b"], ["--process-groups", "x"],
        ["--linux-blkio-weight-device", "8:0"], ["--annotation", "=x"],
    ])
    func `malformed values are wrong usage`(arguments: [String]) throws {
        let parsed = try Self.parse(arguments)
        #expect(throws: ValidationError.self) { try parsed.edits() }
    }

    @Test func `booleans may be written as in Go`() {
        #expect(
            GoStyleFlags.rewritten([
                "config", "edit", "--process-terminal=false", "--rootfs-readonly=true", "--env=terminal=false",
                "--terminal=maybe", "--", "--terminal=false",
            ]) == [
                "config", "edit", "--no-process-terminal", "--rootfs-readonly", "--env=terminal=false",
                "--terminal=maybe", "--", "--terminal=false",
            ])
        let negative = Self.words(of: ConfigFlags.helpMessage()).filter { $0.hasPrefix("--no-") }
        #expect(GoStyleFlags.names == Set(negative.map { String($0.dropFirst("--no-".count)) }))
    }
}
