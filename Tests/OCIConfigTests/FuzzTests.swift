import OCIConfig
import Testing

@Suite struct FuzzTests {
    /// Random changes of bytes, and of tokens, of a real configuration: always an answer, never a crash.
    @Test(arguments: 0..<8)
    func `mutated configurations get an answer`(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let original = RuntimeSpec.default().encoded()
        let tokens: [[UInt8]] = [
            "{", "}", "[", "]", "\"", "\\u", "\\", "null", "true", "-", "1e999", "18446744073709551616", ",", ":",
            "\"linux\":", "[[[[[[[[", "\u{0}", "é", "-9223372036854775808", "\"mounts\":[{}]",
        ].map { Array($0.utf8) }
        var answers = (findings: 0, decoded: 0, refused: 0)
        for _ in 0..<150 {
            var text = original
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text[place] = UInt8.random(in: 0...255, using: &random)
                case 1: text.remove(at: place)
                case 2: text.insert(contentsOf: tokens.randomElement(using: &random)!, at: place)
                default: text.removeSubrange(place..<min(text.count, place + Int.random(in: 1...40, using: &random)))
                }
            }
            answers.findings += Validator.findings(in: text, options: ValidationOptions(isStrict: true)).count
            do {
                var spec = try RuntimeSpec(parsing: text)
                try? ConfigEdits([.namespace("pid", .host), .environment(name: "A", value: "b")]).apply(to: &spec)
                #expect(try RuntimeSpec(parsing: spec.encoded()) == spec)
                answers.decoded += 1
            } catch {
                answers.refused += 1
            }
        }
        #expect(answers.findings > 0 && answers.refused > 0 && answers.decoded > 0, "\(answers)")
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"linux\":", "{\"linux\":{\"x\":[1,"])
    func `a megabyte of nesting gets an answer`(unit: String) {
        var text: [UInt8] = []
        while text.count < 1 << 20 { text += unit.utf8 }
        let findings = Validator.findings(in: text)
        #expect(findings.map(\.rule) == ["json"])
        #expect(throws: ConfigError.self) { try RuntimeSpec(parsing: text) }
    }

    @Test func `documents of random kinds at every place get an answer`() throws {
        var random = SeededGenerator(state: 3)
        let paths = [
            "process", "process.args", "linux", "linux.namespaces", "linux.namespaces[0]", "mounts", "mounts[0]",
            "mounts[0].options", "linux.seccomp", "linux.seccomp.syscalls[2].args", "hooks", "annotations",
            "linux.resources", "linux.resources.devices", "linux.timeOffsets", "linux.netDevices", "linux.sysctl",
        ]
        let values: [JSONValue] = [.null, true, 7, "x", [], [:], [.null], ["a": .null], [[:]], .decimal("1e9")]
        for _ in 0..<300 {
            var edits = ConfigEdits()
            edits.force = true
            for _ in 0..<2 {
                let path = try ConfigPath(parsing: paths.randomElement(using: &random)!)
                edits.edits.append(.set(path, values.randomElement(using: &random)!))
            }
            var document = RuntimeSpec.default().json
            // The second path may lead through what the first one replaced.
            try? edits.apply(to: &document)
            let findings = Validator.findings(in: document)
            #expect(findings == Validator.findings(in: JSONCoding.text(document)))
        }
    }
}
