import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Pulling", .requiresRoot)
struct RegistryTests {
    private static func image(_ text: String, padding: Int = 0) async throws -> ImageBuilder {
        let builder = try await ImageBuilder()
        let noise = (0..<padding).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
        let layer = TarBuilder.archive([.init("which", "0", text), .init("noise").with { $0.content = noise }])
        builder.list(try await builder.image([layer, TarBuilder.archive([.init("second", "0", text)])]))
        try builder.finish()
        return builder
    }

    @Test(
        "by tag and digest, with TLS and a password; wrong ones are refused",
        .requires(tool: "docker-registry"), .requires(tool: "skopeo"), .requires(tool: "htpasswd"))
    func registry() async throws {
        let registry = try await TestRegistry()
        try await registry.push(Self.image("content"), as: "team/app:v1")
        let name = try ImageName("\(registry.host)/team/app:v1")
        let store = try ImageStore("\(registry.folder.path)/store")

        let digest = try await store.pull(name, options: registry.options())
        #expect(try store.verify() == [])
        #expect(try store.names().map(\.name) == [name.description])
        let bundle = try await OCIBundle.create(
            BundleName("app"), in: ContainersFolder(option: registry.folder.path),
            from: .registry(ImageName("\(registry.host)/team/app@\(digest)")), registry: registry.options(),
            store: store.path)
        #expect(Files.text(of: "\(bundle.rootfsPath)/which") == "content")

        func code(_ name: String, _ change: (inout RegistryOptions) -> Void = { _ in }) async throws -> BundleError
            .Code?
        {
            var options = registry.options()
            change(&options)
            let empty = try ImageStore("\(registry.folder.path)/empty")
            do {
                try await empty.pull(ImageName("\(registry.host)/\(name)"), options: options)
                return nil
            } catch let error as BundleError {
                #expect(try empty.names().isEmpty)
                return error.code
            }
        }
        #expect(try await code("team/app:v1") { $0.authFile = "\(registry.folder.path)/wrong.json" } == .notPermitted)
        #expect(
            try await code("team/app:v1") { $0.certificates = nil } == .system, "nobody vouches for the certificate")
        #expect(try await code("team/app:v1") { ($0.certificates, $0.insecure) = (nil, [registry.host]) } == nil)
    }

    @Test(
        "missing tags, other platforms, and a blob that was altered on the server: nothing of it is kept",
        .requires(tool: "docker-registry"), .requires(tool: "skopeo"), .requires(tool: "htpasswd"))
    func failures() async throws {
        let registry = try await TestRegistry()
        try await registry.push(Self.image("content", padding: 100_000), as: "team/app:v1")
        let store = try ImageStore("\(registry.folder.path)/store")
        for (name, platform) in [("team/app:v2", nil), ("team/none:v1", nil), ("team/app:v1", "linux/s390x")] {
            let error = await #expect(throws: BundleError.self) {
                try await store.pull(
                    ImageName("\(registry.host)/\(name)"), platform: platform.map { try ImagePlatform($0) },
                    options: registry.options())
            }
            #expect([.notFound, .notPermitted].contains(error?.code))
        }
        try await Tool.shell(
            """
            file=$(find data -path '*blobs*' -name data -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
            printf X | dd of="$file" bs=1 seek=10 conv=notrunc status=none
            """, in: registry.folder.path)
        let error = await #expect(throws: BundleError.self) {
            try await store.pull(ImageName("\(registry.host)/team/app:v1"), options: registry.options())
        }
        #expect(error?.code == .badImage)
        #expect(try store.names().isEmpty && store.verify() == [])
    }

    @Test(
        "a blob that breaks off in the middle goes on where it did; plain HTTP if told so", .requires(tool: "python3"))
    func resumed() async throws {
        let builder = try await Self.image("content", padding: 500_000)
        let port = try Tool.freePort()
        let server = """
            import http.server, json, os, sys
            root = sys.argv[1]
            broken = set()
            class Handler(http.server.BaseHTTPRequestHandler):
                timeout = 0.3
                def do_GET(self):
                    kind, name = self.path.split("/")[-2:]
                    digest = name if ":" in name else json.load(open(root + "/index.json"))["manifests"][0]["digest"]
                    data = open(root + "/blobs/sha256/" + digest[7:], "rb").read()
                    start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                    open(root + "/log", "a").write("%s %d\\n" % (kind, start))
                    self.send_response(206 if start else 200)
                    self.send_header("Content-Length", str(len(data) - start))
                    self.end_headers()
                    cut = kind == "blobs" and name not in broken and len(data) > 100000
                    broken.add(name)
                    self.wfile.write(data[start:start + 200000 if cut else None])
                def log_message(self, *arguments): pass
            http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
            """
        try builder.folder.write(Array(server.utf8), to: "server.py")
        let process = try await Tool.shell(
            "python3 server.py image \(port) >/dev/null 2>&1 </dev/null & echo $!; for i in $(seq 100); do curl -s -m 1 127.0.0.1:\(port)/v2/x/manifests/y >/dev/null && break; sleep 0.05; done",
            in: builder.folder.path)
        defer { if let id = pid_t(process.trimmed) { kill(id, SIGTERM) } }
        var options = RegistryOptions()
        options.insecure = ["localhost:\(port)"]
        options.authFile = nil
        let store = try ImageStore("\(builder.folder.path)/store")
        try await store.pull(ImageName("localhost:\(port)/x:y"), options: options)
        #expect(try store.verify() == [])
        let log = Files.text(of: "\(builder.path)/log") ?? ""
        #expect(log.contains("blobs 200000"), "\(log)")
    }

    /// Of a create that pulls, stores and unpacks.
    @Test(
        "killed at 50 random moments: no half bundle, no half blob, and the next create works",
        .requires(tool: "docker-registry"), .requires(tool: "skopeo"))
    func killed() async throws {
        let registry = try await TestRegistry(.everybody)
        try await registry.push(Self.image("content", padding: 3_000_000), as: "team/app:v1")
        let place = registry.folder.path
        let arguments = [
            "create", "app", "--from", "docker://\(registry.host)/team/app:v1", "--insecure-registry", registry.host,
            "--store", "\(place)/store", "--containers", "\(place)/containers",
        ]
        func expectWhole() throws {
            #expect(Files.text(of: "\(place)/containers/app/rootfs/second") == "content")
            #expect(try Files.contents(of: "\(place)/containers/app/rootfs/noise").count == 3_000_000)
        }
        func clear(_ names: String...) async throws {
            try await Tool.shell("rm -rf \(names.joined(separator: " "))", in: place)
        }
        let clock = ContinuousClock()
        let whole = try await clock.measure {
            let outcome = try await RunningProgram.run(Tool.bundletool, arguments)
            #expect(outcome.succeeded, "\(outcome.errors)")
        }
        try expectWhole()
        for number in 0..<50 {
            // The store stays every other time: what it has is not pulled again.
            try await clear("containers/app", number % 2 == 0 ? "store" : "")
            let create = try await RunningProgram.start(Tool.bundletool, arguments)
            try await Task.sleep(for: whole * Double.random(in: 0..<1))
            create.signal(SIGKILL)
            _ = try await create.outcome()
            if Files.exists("\(place)/containers/app") { try expectWhole() }
            if Files.exists("\(place)/store") { #expect(try ImageStore("\(place)/store").verify() == []) }
        }
        try await clear("containers/app")
        let last = try await RunningProgram.run(Tool.bundletool, arguments)
        #expect(last.succeeded, "\(last.errors)")
        try expectWhole()
        #expect(try Files.names(in: "\(place)/containers") == ["app"], "what the killed ones left is gone")
        let verified = try await RunningProgram.run(
            Tool.bundletool, ["image", "verify", "--store", "\(place)/store"])
        #expect(verified.succeeded, "\(verified.output)\(verified.errors)")
    }

    @Test("prune keeps what is named, verify finds what is damaged")
    func store() async throws {
        let (one, two) = (try await Self.image("one"), try await Self.image("two"))
        let store = try ImageStore("\(one.folder.path)/store")
        try await store.add(ImageSource(one.path), as: ImageName("one"))
        try await store.add(ImageSource(two.path), as: ImageName("two:x"))
        #expect(try store.names().map(\.name) == ["docker.io/library/one:latest", "docker.io/library/two:x"])
        #expect(try store.prune() == 0)
        try store.remove("one")
        #expect(try store.prune() > 0)
        #expect(try store.verify() == [])
        #expect(throws: BundleError.self) { try store.remove("one") }
        try await store.export("two:x", to: "\(one.folder.path)/out.tar")
        let bundle = try await OCIBundle.create(
            BundleName("b"), in: ContainersFolder(option: one.folder.path),
            from: ImageSource("oci-archive:\(one.folder.path)/out.tar:x"))
        #expect(Files.text(of: "\(bundle.rootfsPath)/which") == "two")
        try await Tool.shell(
            "for f in store/blobs/sha256/*; do printf X | dd of=$f bs=1 seek=3 conv=notrunc status=none; break; done",
            in: one.folder.path)
        #expect(try store.verify().count == 1)
    }

    @Test(
        "names",
        arguments: [
            ("python", "docker.io/library/python:latest"), ("python:3.12-slim", "docker.io/library/python:3.12-slim"),
            ("team/app", "docker.io/team/app:latest"), ("localhost/app", "localhost/app:latest"),
            ("host:5000/a/b:t", "host:5000/a/b:t"), ("host.example/a", "host.example/a:latest"),
        ])
    func names(text: String, full: String) throws {
        #expect(try ImageName(text).description == full)
    }

    @Test("no names", arguments: ["", "UPPER", "a b", "a/../b", "a:", "a:b c", "a@sha256:1", "/a", "a//b", "-a"])
    func noNames(text: String) {
        #expect(throws: BundleError.self) { try ImageName(text) }
    }

    @Test(
        "challenges",
        arguments: [
            ("Bearer realm=\"https://a/b?c=d\",service=\"x y\",scope=\"repository:a,b:pull\"", "repository:a,b:pull")
        ])
    func challenge(text: String, scope: String) {
        let fields = RegistryClient.fields(text.drop { $0 != " " })
        #expect(fields == ["realm": "https://a/b?c=d", "service": "x y", "scope": scope])
    }

    @Test("base64", arguments: ["", "f", "fo", "foo", "user:pass\u{ff}"])
    func base64(text: String) {
        #expect(Base64.decode(Array(Base64.encode(Array(text.utf8)).utf8)) == Array(text.utf8))
    }
}
