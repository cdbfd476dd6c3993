import OCIConfig
import Testing

@Suite struct ImageConversionTests {
    static let users = ContainerUsers(
        passwd: "root:x:0:0:r:/root:/bin/sh\nweb:x:33:34::/srv:/bin/false\nhomeless:x:40:40:::\n",
        group: "root:x:0:\nstaff:x:50:a,web\nweb:x:34:\n")

    static func converted(_ config: String, image: String = "") throws -> RuntimeSpec {
        let text =
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":\#(config)\#(image)}"#
        var spec = RuntimeSpec.default()
        let image = try JSONCoding.decode(ImageSpec.Image.self, from: Array(text.utf8))
        try image.edits(users: users).apply(to: &spec, users: users)
        return spec
    }

    @Test(arguments: [
        (#"{"Entrypoint":["a","b"],"Cmd":["c"]}"#, "process.args", #"["a","b","c"]"#),
        (#"{"Cmd":["c"]}"#, "process.args", #"["c"]"#),
        (#"{"Entrypoint":["a"],"Cmd":null}"#, "process.args", #"["a"]"#),
        (#"{}"#, "process.args", #"["sh"]"#),
        (#"{"WorkingDir":"/srv"}"#, "process.cwd", #""/srv""#),
        (#"{"WorkingDir":""}"#, "process.cwd", #""/""#),
        (#"{"Env":["PATH=/x","A=","B=c=d"]}"#, "process.env", #"["PATH=/x","TERM=xterm","A=","B=c=d","HOME=/root"]"#),
        (#"{"Env":["HOME=/h"],"User":"web"}"#, "process.env[2]", #""HOME=/h""#),
        (#"{"User":"web"}"#, "process.env[2]", #""HOME=/srv""#),
        (#"{"User":"77"}"#, "process.env[2]", #""HOME=/""#),
        (#"{"User":"homeless"}"#, "process.env[2]", #""HOME=/""#),
        (#"{"User":"web"}"#, "process.user", #"{"uid":33,"gid":34,"additionalGids":[50]}"#),
        (#"{"User":"33"}"#, "process.user", #"{"uid":33,"gid":34}"#),
        (#"{"User":"web:staff"}"#, "process.user", #"{"uid":33,"gid":50}"#),
        (#"{"User":"1000:1000"}"#, "process.user", #"{"uid":1000,"gid":1000}"#),
        (#"{"User":""}"#, "process.user", #"{"uid":0,"gid":0}"#),
        (
            #"{"Labels":{"a":"b","org.opencontainers.image.os":"mine"}}"#, "annotations",
            #"{"a":"b","org.opencontainers.image.os":"mine","org.opencontainers.image.architecture":"amd64"}"#
        ),
        (
            #"{"StopSignal":"SIGINT","ExposedPorts":{"80/tcp":{},"443":{}}}"#, "annotations",
            #"{"org.opencontainers.image.os":"linux","org.opencontainers.image.architecture":"amd64","org.opencontainers.image.stopSignal":"SIGINT","org.opencontainers.image.exposedPorts":"443,80/tcp"}"#
        ),
        (#"{"Volumes":{"/data":{}}}"#, "mounts[7].destination", #""/data""#),
    ])
    func `the configuration of an image becomes that of a container`(config: String, path: String, value: String) throws
    {
        let spec = try Self.converted(config)
        #expect(try spec.json.value(at: path) == JSONCoding.parse(Array(value.utf8)))
        #expect(Validator.findings(in: spec.json).filter { $0.severity == .error } == [])
    }

    @Test func `the image's own properties become annotations`() throws {
        let spec = try Self.converted(
            "{}",
            image:
                #","variant":"v8","os.version":"10.0","os.features":["a","b"],"author":"me","created":"2020-01-01T00:00:00Z""#
        )
        #expect(
            spec.annotations == [
                "org.opencontainers.image.os": "linux", "org.opencontainers.image.architecture": "amd64",
                "org.opencontainers.image.variant": "v8", "org.opencontainers.image.os.version": "10.0",
                "org.opencontainers.image.os.features": "a,b", "org.opencontainers.image.author": "me",
                "org.opencontainers.image.created": "2020-01-01T00:00:00Z",
            ])
    }

    @Test(arguments: ["nobody", "web:nogroup", "4294967295", "2147483648", "-1", "0:4294967296"])
    func `a user that is not in the container, or out of range, is an error`(user: String) {
        let error = #expect(throws: ConfigError.self) { try Self.converted(#"{"User":"\#(user)"}"#) }
        #expect(error?.code == .unknownUser || error?.code == .outOfRange)
    }
}
