import OCIConfig
import Testing

@Suite struct ConfigEditTests {
    static func edits(_ recipe: String) throws -> ConfigEdits {
        try JSONCoding.decode(ConfigEdits.self, from: Array(recipe.utf8))
    }

    static func edited(_ spec: String, _ recipe: String) throws -> JSONValue {
        var spec = try RuntimeSpec(parsing: Array(spec.utf8))
        try edits(recipe).apply(to: &spec)
        return spec.json
    }

    @Test(arguments: [
        (#"{}"#, #"{"terminal":false}"#, #"{"process":{"terminal":false}}"#),
        (
            #"{"process":{"args":["a"],"x":1}}"#, #"{"args":["b","c"],"cwd":"/srv"}"#,
            #"{"process":{"args":["b","c"],"cwd":"/srv","x":1}}"#
        ),
        (
            #"{"process":{"env":["A=1","B=2","A=3"]}}"#, #"{"env":{"A":"x=y","B":null,"C":""}}"#,
            #"{"process":{"env":["A=x=y","C="]}}"#
        ),
        (
            #"{"process":{"user":{"uid":1,"gid":2,"additionalGids":[3],"umask":18}}}"#, #"{"user":"5:6"}"#,
            #"{"process":{"user":{"uid":5,"gid":6,"umask":18}}}"#
        ),
        (
            #"{"linux":{"namespaces":[{"type":"pid"},{"type":"network"}]}}"#,
            #"{"namespaces":{"network":"host","pid":"/proc/1/ns/pid","ipc":"new"}}"#,
            #"{"linux":{"namespaces":[{"type":"pid","path":"/proc/1/ns/pid"},{"type":"ipc"}]}}"#
        ),
        (
            #"{"annotations":{"a":"1","b":"2"}}"#, #"{"annotations":{"a":null,"c.d":"3"}}"#,
            #"{"annotations":{"b":"2","c.d":"3"}}"#
        ),
        (
            #"{}"#, #"{"set":{"linux.resources.cpu.burst":20000,"linux.sysctl.net.ipv4.ip_forward":"1"}}"#,
            #"{"linux":{"resources":{"cpu":{"burst":20000}},"sysctl":{"net.ipv4.ip_forward":"1"}}}"#
        ),
        (
            #"{"mounts":[{"destination":"/a"},{"destination":"/b"}]}"#,
            #"{"unset":["mounts.0"],"mounts":[{"destination":"/b","type":"tmpfs"}],"append":{"mounts[0].options":"ro"}}"#,
            #"{"mounts":[{"destination":"/b","type":"tmpfs","options":["ro"]}]}"#
        ),
        (
            #"{"process":{"capabilities":{"bounding":["CAP_KILL"],"ambient":["CAP_KILL"]}}}"#,
            #"{"capabilities":{"drop":["kill"],"add":["cap_chown"]}}"#,
            #"{"process":{"capabilities":{"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"ambient":[]}}}"#
        ),
        (#"{"linux":{"x":1}}"#, #"{"unset":["linux.resources.cpu.quota","hostname"]}"#, #"{"linux":{"x":1}}"#),
    ])
    func `a recipe changes what it names and nothing else`(spec: String, recipe: String, result: String) throws {
        #expect(try Self.edited(spec, recipe) == JSONCoding.parse(Array(result.utf8)))
    }

    @Test(arguments: [
        (#"{"trminal":true}"#, "trminal: there is no such edit; did you mean 'terminal'?"),
        (
            #"{"set":{"linux.resorces.cpu":{}}}"#,
            "linux.resorces: the specification has no such key; did you mean 'resources'?"
        ),
        (#"{"set":{"process.terminal":"yes"}}"#, "process.terminal: expected true or false, found the string 'yes'"),
        (#"{"set":{"process":{"arg":[]}}}"#, "process.arg: the specification has no such key; did you mean 'args'?"),
        (
            #"{"namespaces":{"netwrk":"new"}}"#,
            "linux.namespaces.type: 'netwrk' is none of its values; did you mean 'network'?"
        ),
        (
            #"{"namespaces":{"pid":"shared"}}"#,
            "'shared' is no namespace; use 'new', 'host' or the absolute path of one"
        ),
        (#"{"user":"nobody"}"#, "the user 'nobody' is not in the container's /etc/passwd"),
        (#"{"user":"4294967295"}"#, "the id '4294967295' of the user '4294967295' is not from 0 to 2147483647"),
        (#"{"append":{"process.cwd":"x"}}"#, "process.cwd is a string, not a list; use --set"),
        (#"{"set":{"mounts[1].type":"x"}}"#, "mounts has 0 elements, so there is no [1]; --append adds one"),
        (#"{"set":{"hostname.x":1}}"#, "hostname is a string and has no member 'x'"),
    ])
    func `what does not fit is an error that says what to do`(recipe: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try Self.edited("{}", recipe) }
        #expect(error?.message == message)
    }

    @Test func `a failed edit leaves the specification as it was`() throws {
        let before = RuntimeSpec.default()
        var spec = before
        #expect(throws: ConfigError.self) { try Self.edits(#"{"hostname":"x","user":"nobody"}"#).apply(to: &spec) }
        #expect(spec == before)
    }

    @Test(
        arguments: [
            ("", 0, 0, []), ("0", 0, 0, []), ("web", 33, 34, [7, 50]), ("33", 33, 34, []), ("33:1", 33, 1, []),
            ("web:staff", 33, 50, []), ("1234", 1234, 0, []), ("1234:staff", 1234, 50, []), (":staff", 0, 50, []),
        ] as [(String, UInt32, UInt32, [UInt32])])
    func `users are looked up as the image specification says`(
        user: String, uid: UInt32, gid: UInt32, further: [UInt32]
    ) throws {
        let users = ContainerUsers(
            passwd: "# c\nroot:x:0:0:r:/root:/bin/sh\nweb:x:33:34::/srv:/bin/false\nbad:x:4294967296:1::/:\n",
            group: "root:x:0:\nstaff:x:50:a,web\nweb:x:34:\nlp:x:7:web\n")
        let found = try users.resolve(user)
        #expect(found.uid == uid)
        #expect(found.gid == gid)
        #expect(found.additionalGids == further)
    }
}
