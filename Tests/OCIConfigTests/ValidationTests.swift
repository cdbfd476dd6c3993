import OCIConfig
import Testing

/// A change of a valid configuration, and what the validator must say to it.
struct Breach: Sendable, CustomTestStringConvertible {
    let rule: String
    /// Paths and what is set there; nil removes.
    let changes: [(path: String, json: String?)]
    /// Where the finding must be.
    let path: String
    let isStrict: Bool
    let host: HostSupport?

    init(
        _ rule: String, _ changes: [(String, String?)], at path: String, strict: Bool = false,
        host: HostSupport? = nil
    ) {
        self.rule = rule
        self.changes = changes
        self.path = path
        self.isStrict = strict
        self.host = host
    }

    init(_ rule: String, _ path: String, _ json: String?, at finding: String? = nil) {
        self.init(rule, [(path, json)], at: finding ?? path)
    }

    var testDescription: String {
        "\(rule): \(changes.map { "\($0.path)=\($0.json ?? "nothing")" }.joined(separator: " "))"
    }

    func document() throws -> JSONValue {
        var edits = ConfigEdits()
        edits.force = true
        for change in changes {
            let path = try ConfigPath(parsing: change.path)
            edits.edits.append(
                try change.json.map { .set(path, try JSONCoding.parse(Array($0.utf8))) } ?? .unset(path))
        }
        var document = RuntimeSpec.default().json
        try edits.apply(to: &document)
        return document
    }

    func findings() throws -> [Finding] {
        Validator.findings(in: try document(), options: ValidationOptions(isStrict: isStrict, host: host))
    }
}

@Suite struct ValidationTests {
    @Test(arguments: Breach.all)
    func `a breach is found, at its path, and nothing else is`(breach: Breach) throws {
        let findings = try breach.findings()
        #expect(Set(findings.map(\.rule)) == [breach.rule], "\(findings)")
        #expect(findings.contains { $0.path == breach.path }, "\(findings)")
        let known = ValidationRule.all.first { $0.name == breach.rule }
        #expect(known != nil)
    }

    @Test(arguments: Breach.legal)
    func `what is legal passes`(legal: Breach) throws {
        #expect(try legal.findings() == [])
    }

    @Test func `every rule has a breach in the table`() {
        let breached = Set(Breach.all.map(\.rule))
        // These two are about the text, which a document no longer has.
        let rules = Set(ValidationRule.all.map(\.name)).subtracting(["json", "duplicate-keys"])
        #expect(rules.subtracting(breached) == [])
        #expect(Set(ValidationRule.all.map(\.name)).count == ValidationRule.all.count)
    }

    @Test(arguments: [
        ("", "config.json", "json"), ("[]", "config.json", "json"), ("{\"a\":}", "config.json", "json"),
        (#"{"ociVersion":"1.0.0","root":{"path":"a","path":"b"}}"#, "root.path", "duplicate-keys"),
        (
            #"{"ociVersion":"1.0.0","root":{"path":"a"},"mounts":[{"destination":"/a","x":{"y":1,"y":2}}]}"#,
            "mounts[0].x.y", "duplicate-keys"
        ),
    ])
    func `texts that are wrong as texts`(text: String, path: String, rule: String) {
        let findings = Validator.findings(in: Array(text.utf8))
        #expect(findings.contains { $0.path == path && $0.rule == rule && $0.severity == .error }, "\(findings)")
    }

    @Test func `all findings come at once, one line each`() throws {
        let text = #"{"ociVersion":"one","process":{"cwd":"x","terminal":"no","usr":{}},"hooks":{"poststop":[{}]}}"#
        let lines = Validator.findings(in: Array(text.utf8)).map(\.description)
        #expect(
            lines == [
                "hooks.poststop[0].path: is required and missing (config.md, POSIX-platform Hooks)",
                "ociVersion: 'one' is no SemVer 2.0.0 version, such as 1.0.2 (config.md, Specification version)",
                "process.args: is required and missing (config.md, POSIX process)",
                "process.cwd: 'x' is not absolute (config.md, Process)",
                "process.terminal: expected true or false, found the string 'no' (config.md, Process)",
                "process.user.gid: is required and missing (config.md, POSIX-platform User)",
                "process.user.uid: is required and missing (config.md, POSIX-platform User)",
                "process.usr: warning: the specification has no such key; did you mean 'user'? (config.md, Process)",
                "root: is required and missing (config.md, Root)",
            ])
    }

    @Test(arguments: ["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0", "1.3.7", "1.0.0-rc.1+build.5"])
    func `versions whose rules are known`(version: String) throws {
        let legal = Breach("", "ociVersion", "\"\(version)\"")
        #expect(try legal.findings() == [])
    }
}
