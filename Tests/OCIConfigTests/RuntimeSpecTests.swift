import OCIConfig
import Testing

@Suite struct RuntimeSpecTests {
    @Test(arguments: [
        #"{}"#,
        #"{"ociVersion":"1.0.2","x-unknown":{"deep":[1,2.50,null]}}"#,
        #"{"process":{"args":null,"env":[],"user":{"uid":4294967295,"weird":true},"apparmorProfile":""}}"#,
        #"{"linux":{"resources":{"memory":{"limit":-1},"pids":{"limit":0},"cpu":{"shares":18446744073709551615}}}}"#,
        #"{"hooks":{"createRuntime":[{"path":"/x","timeout":null,"more":[]}]},"annotations":{}}"#,
        #"{"vm":{"hwConfig":{"irqs":[1]}},"windows":{"credentialSpec":{"a":[]}},"linux":null,"mounts":[]}"#,
    ])
    func `decoding and encoding loses nothing`(text: String) throws {
        let spec = try RuntimeSpec(parsing: Array(text.utf8))
        #expect(spec.json == (try JSONCoding.parse(Array(text.utf8))))
        #expect(try RuntimeSpec(parsing: spec.encoded()) == spec)
    }

    @Test(arguments: [
        (#"{"process":{"cwd":1}}"#, "process.cwd: expected a string, found 1"),
        (#"{"mounts":[{"options":["a",2]}]}"#, "mounts[0].options[1]: expected a string, found 2"),
        (#"{"process":{"user":{"uid":-1}}}"#, "process.user.uid: expected an integer from 0 to 4294967295, found -1"),
        (#"{"linux":[]}"#, "linux: expected an object, found an array"),
        (#"[]"#, "the document: expected an object, found an array"),
    ])
    func `a wrong type is an error with its path`(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try RuntimeSpec(parsing: Array(text.utf8)) }
        #expect(error?.message == message)
    }

    @Test func `the default is safe`() throws {
        let spec = RuntimeSpec.default()
        #expect(spec.process?.noNewPrivileges == true)
        #expect(spec.process?.capabilities?.inheritable == nil)
        #expect(spec.process?.capabilities?.ambient == nil)
        #expect(spec.process?.capabilities?.bounding?.contains("CAP_SYS_ADMIN") == false)
        #expect(spec.linux?.maskedPaths?.contains("/proc/kcore") == true)
        #expect(try RuntimeSpec(parsing: spec.encoded()) == spec)
    }
}
