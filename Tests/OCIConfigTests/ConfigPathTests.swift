import OCIConfig
import Testing

@Suite struct ConfigPathTests {
    @Test(arguments: [
        ("a.b", "a.b"), ("mounts[2].options[0]", "mounts[2].options[0]"), ("mounts.2", "mounts.2"), ("", ""),
        (#"annotations["com.example.key"]"#, #"annotations["com.example.key"]"#),
        (#"annotations.com\.example"#, #"annotations["com.example"]"#),
        (#"["a\"]b"].c"#, #"["a\"]b"].c"#),
    ])
    func `a path is read and written`(text: String, written: String) throws {
        #expect(try ConfigPath(parsing: text).description == written)
    }

    @Test(arguments: ["a..b", ".a", "a[", "a[x]", "a[-1]", #"a["b]"#, #"a["b"#, "a]b[", "a[0]b", #"a["\"#])
    func `a malformed path is an error`(text: String) {
        let error = #expect(throws: ConfigError.self) { try ConfigPath(parsing: text) }
        #expect(error?.code == .malformed || error?.code == .invalidJSON)
    }
}
