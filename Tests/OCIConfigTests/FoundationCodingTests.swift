import FoundationEssentials
import OCIConfig
import Testing

/// The types are Codable with any coder, not only with the library's own.
@Suite struct FoundationCodingTests {
    @Test func `Foundation's coders read and write configurations`() throws {
        var spec = RuntimeSpec.default()
        try ConfigEdits([
            .set(ConfigPath(parsing: "linux.resources.cpu.shares"), JSONValue(UInt64.max)),
            .set(ConfigPath(parsing: "linux.resources.memory.limit"), JSONValue(Int64.min)),
        ]).apply(to: &spec)
        spec.extra["x-vendor"] = ["a": [.null, 1, "b", true, ["c": [:]]]]
        let data = try JSONEncoder().encode(spec)
        #expect(try JSONCoding.parse(Array(data)) == spec.json)
        #expect(try JSONDecoder().decode(RuntimeSpec.self, from: data) == spec)
        #expect(try JSONDecoder().decode(RuntimeSpec.self, from: Data(spec.encoded())) == spec)
    }
}
