import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

/// Who asks, and whom: credentials where docker and podman keep them, tokens, mirrors. Through the program itself,
/// because the places depend on its environment.
@Suite("Access to registries", .requiresRoot, .requires(tool: "docker-registry"), .requires(tool: "skopeo"))
struct RegistryAccessTests {
    private static func image(_ text: String) async throws -> ImageBuilder {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([TarBuilder.archive([.init("which", "0", text)])]))
        try builder.finish()
        return builder
    }

    /// A home with nothing of the tester's own in it.
    private static func environment(_ home: String, _ changes: [String: String?] = [:]) -> [String: String?] {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let own: [String: String?] = [
            "HOME": home, "PATH": "\(home)/bin:\(path)", "XDG_RUNTIME_DIR": nil, "XDG_CONFIG_HOME": nil,
            "DOCKER_CONFIG": nil, "REGISTRY_AUTH_FILE": nil, "BUNDLETOOL_STORE": nil, "http_proxy": nil,
            "https_proxy": nil, "HTTPS_PROXY": nil, "ALL_PROXY": nil, "all_proxy": nil, "no_proxy": nil,
            "NO_PROXY": nil,
        ]
        return own.merging(changes) { $1 }
    }

    private static func pull(
        _ name: String, _ arguments: [String], _ environment: [String: String?]
    ) async throws -> Tool.Outcome {
        let store = "\(environment["HOME"]! ?? "")/store-\(UInt32.random(in: 0 ... .max))"
        return try await RunningProgram.run(
            Tool.bundletool, ["image", "pull", name, "--store", store] + arguments, environment: environment)
    }

    private static let basic = Base64.encode(Array("user:pass".utf8))

    /// Where credentials may be: files in the home folder, variables that name them, whether they are right.
    /// `HOST` stands for the registry.
    static let places: [(file: String, text: String, variables: [String: String], error: String?)] = [
        (".docker/config.json", "{\"auths\": {\"HOST\": {\"auth\": \"\(basic)\"}}}", [:], nil),
        ("d/config.json", "{\"auths\": {\"https://HOST/v1/\": {\"auth\": \"\(basic)\"}}}", ["DOCKER_CONFIG": "d"], nil),
        (".config/containers/auth.json", "{\"auths\": {\"HOST\": {\"auth\": \"\(basic)\"}}}", [:], nil),
        ("r/containers/auth.json", "{\"auths\": {\"HOST\": {\"auth\": \"\(basic)\"}}}", ["XDG_RUNTIME_DIR": "r"], nil),
        ("mine.json", "{\"auths\": {\"HOST\": {\"auth\": \"\(basic)\"}}}", ["REGISTRY_AUTH_FILE": "mine.json"], nil),
        // podman's entries for a part of a registry: the longest counts.
        (
            "mine.json",
            "{\"auths\": {\"HOST\": {\"auth\": \"eDp5\"}, \"HOST/private\": {\"auth\": \"\(basic)\"}}}",
            ["REGISTRY_AUTH_FILE": "mine.json"], nil
        ),
        (".docker/config.json", "{\"auths\": {\"HOST\": {\"username\": \"user\", \"password\": \"pass\"}}}", [:], nil),
        (".docker/config.json", "{\"auths\": {\"HOST\": {\"auth\": \"eDp5\"}}}", [:], "does not let us read"),
        (".docker/config.json", "{\"auths\": {\"HOST\": {\"auth\": \"!\"}}}", [:], "malformed"),
        (".docker/config.json", "{\"auths\": ", [:], "cannot read the credentials in"),
        (".docker/config.json", "{\"auths\": {\"HOST\": {\"identitytoken\": \"identity\"}}}", [:], nil),
        (".docker/config.json", "{\"credsStore\": \"good\"}", [:], nil),
        (".docker/config.json", "{\"credsStore\": \"wrong\", \"credHelpers\": {\"HOST\": \"good\"}}", [:], nil),
        (".docker/config.json", "{\"credHelpers\": {\"HOST\": \"token\"}}", [:], nil),
        (".docker/config.json", "{\"credsStore\": \"empty\"}", [:], "does not let us read"),
        (".docker/config.json", "{\"credsStore\": \"locked\"}", [:], "the keychain is locked"),
        (".docker/config.json", "{\"credsStore\": \"nonsense\"}", [:], "an answer that cannot be read"),
        (".docker/config.json", "{\"credsStore\": \"missing\"}", [:], "cannot ask docker-credential-missing"),
        (".docker/config.json", "{\"credsStore\": \"../good\"}", [:], "no credential helper's name"),
        (".docker/config.json", "{}", [:], "log in with"),
    ]

    /// What a helper is: a program that reads a server's name and answers with JSON
    /// (github.com/docker/docker-credential-helpers).
    private static let helpers = """
        mkdir bin
        cat >bin/docker-credential-good <<'END'
        #!/bin/sh
        read -r server
        [ "$1" = get ] && [ "$server" = HOST ] || { echo "credentials not found in native keychain"; exit 1; }
        echo '{"ServerURL": "HOST", "Username": "user", "Secret": "pass"}'
        END
        printf '#!/bin/sh\\necho "{\\\\"Username\\\\": \\\\"<token>\\\\", \\\\"Secret\\\\": \\\\"identity\\\\"}"\\n' \
            >bin/docker-credential-token
        printf '#!/bin/sh\\necho "{\\\\"Username\\\\": \\\\"user\\\\", \\\\"Secret\\\\": \\\\"wrong\\\\"}"\\n' \
            >bin/docker-credential-wrong
        printf '#!/bin/sh\\necho "credentials not found in native keychain"\\nexit 1\\n' >bin/docker-credential-empty
        printf '#!/bin/sh\\necho "the keychain is locked"\\nexit 1\\n' >bin/docker-credential-locked
        printf '#!/bin/sh\\necho nonsense\\n' >bin/docker-credential-nonsense
        chmod +x bin/*
        """

    @Test("basic and identity tokens to bearer tokens, with docker's and podman's credentials and helpers")
    func credentials() async throws {
        let tokens = try await TokenServer()
        let registry = try await TestRegistry(.token(tokens))
        try await registry.push(Self.image("private"), as: "private/app:v1")
        // One file of certificates for both servers.
        try await Tool.shell("cat cert.pem \(tokens.certificate) >both.pem", in: registry.folder.path)
        let arguments = ["--registry-ca", "\(registry.folder.path)/both.pem"]
        for place in Self.places {
            let home = try TemporaryFolder()
            try await Tool.shell(Self.helpers.replacing("HOST", with: registry.host), in: home.path)
            let folder = place.file.split(separator: "/").dropLast().joined(separator: "/")
            if !folder.isEmpty { try await Tool.shell("mkdir -p '\(folder)'", in: home.path) }
            try home.write(Array(place.text.replacing("HOST", with: registry.host).utf8), to: place.file)
            let variables = place.variables.mapValues { Optional("\(home.path)/\($0)") }
            let outcome = try await Self.pull(
                "\(registry.host)/private/app:v1", arguments, Self.environment(home.path, variables))
            let what = "\(place.file) \(place.text): \(outcome.errors)"
            if let error = place.error {
                #expect(outcome.status == 1 && outcome.errors.contains(error), "\(what)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(what)")
            } else {
                #expect(outcome.succeeded, "\(what)")
            }
            #expect(!outcome.errors.contains("pass") || place.text.contains("malformed"), "no password in messages")
        }
    }

    @Test("who has no credentials gets a token for what is public, and is told to log in for the rest")
    func anonymous() async throws {
        let tokens = try await TokenServer()
        let registry = try await TestRegistry(.token(tokens))
        for name in ["public/app:v1", "private/app:v1"] { try await registry.push(Self.image(name), as: name) }
        try await Tool.shell("cat cert.pem \(tokens.certificate) >both.pem", in: registry.folder.path)
        let home = try TemporaryFolder()
        let arguments = ["--registry-ca", "\(registry.folder.path)/both.pem"]
        let environment = Self.environment(home.path)
        _ = try tokens.log()
        let open = try await Self.pull("\(registry.host)/public/app:v1", arguments, environment)
        #expect(open.succeeded, "\(open.errors)")
        #expect(try tokens.log() == "GET  repository:public/app:pull\n", "one token for all of an image's requests")
        let closed = try await Self.pull("\(registry.host)/private/app:v1", arguments, environment)
        #expect(closed.status == 1 && closed.errors.contains("docker login"), "\(closed.errors)")
        // The token server's certificate counts like the registry's.
        let untrusted = try await Self.pull(
            "\(registry.host)/public/app:v1", ["--registry-ca", "\(registry.folder.path)/cert.pem"], environment)
        #expect(untrusted.status == 1 && untrusted.errors.contains("certificate"), "\(untrusted.errors)")
    }

    @Test("a mirror is asked first, the registry where it fails, and neither is shown the other's password")
    func mirrors() async throws {
        let registry = try await TestRegistry()
        try await registry.push(Self.image("registry"), as: "team/app:v1")
        try await registry.push(Self.image("registry"), as: "team/other:v1")
        let mirror = try await TestRegistry(.everybody)
        try await mirror.push(Self.image("mirror"), as: "team/app:v1")
        let silent = "localhost:\(try Tool.freePort())"
        let home = try TemporaryFolder()
        let common = [
            "--registry-ca", "\(registry.folder.path)/cert.pem", "--authfile", "\(registry.folder.path)/pass.json",
            "--insecure-registry", mirror.host, "--insecure-registry", silent,
        ]
        func which(_ name: String, _ mirrors: [String]) async throws -> String {
            let place = "\(home.path)/\(UInt32.random(in: 0 ... .max))"
            let outcome = try await RunningProgram.run(
                Tool.bundletool,
                ["create", "app", "--from", "\(registry.host)/\(name)", "--store", "\(place)-store"] + common
                    + ["--containers", place]
                    + mirrors.flatMap { ["--registry-mirror", "\(registry.host)=\($0)"] },
                environment: Self.environment(home.path))
            return outcome.succeeded ? Files.text(of: "\(place)/app/rootfs/which") ?? "" : outcome.errors
        }
        #expect(try await which("team/app:v1", []) == "registry")
        #expect(try await which("team/app:v1", [mirror.host]) == "mirror")
        #expect(try await which("team/app:v1", [silent, mirror.host]) == "mirror", "the next one")
        #expect(try await which("team/other:v1", [silent, mirror.host]) == "registry", "which has it")
        let refused = try await which("team/none:v1", [mirror.host])
        #expect(refused.contains("team/none"), "\(refused)")

        // A mirror that wants a password is not given the registry's.
        let nosy = try await TestRegistry()
        try await nosy.push(Self.image("mirror"), as: "team/app:v1")
        let both = "\(home.path)/both.pem"
        try await Tool.shell("cat \(registry.folder.path)/cert.pem \(nosy.folder.path)/cert.pem >\(both)")
        let outcome = try await Self.pull(
            "\(registry.host)/team/app:v1",
            [
                "--registry-ca", both, "--authfile", "\(registry.folder.path)/pass.json", "--registry-mirror",
                "\(registry.host)=\(nosy.host)",
            ], Self.environment(home.path))
        #expect(outcome.succeeded, "from the registry: \(outcome.errors)")
        let known = try await Self.pull(
            "\(registry.host)/team/app:v1",
            [
                "--registry-ca", both, "--authfile", "\(nosy.folder.path)/pass.json", "--registry-mirror",
                "\(registry.host)=\(nosy.host)",
            ], Self.environment(home.path))
        #expect(known.succeeded, "from the mirror, with its own: \(known.errors)")
    }

    @Test("plain HTTP only where it is allowed; what a digest names is not asked for twice")
    func insecure() async throws {
        let registry = try await TestRegistry(.everybody)
        try await registry.push(Self.image("x"), as: "app:v1")
        let home = try TemporaryFolder()
        let name = "\(registry.host)/app:v1"
        let refused = try await Self.pull(name, [], Self.environment(home.path))
        #expect(refused.status == 1 && refused.errors.contains("cannot pull"), "\(refused.errors)")
        let store = try ImageStore("\(home.path)/kept")
        var options = RegistryOptions()
        options.insecure = [registry.host]
        options.authFile = nil
        let digest = try await store.pull(ImageName(name), options: options)
        options.insecure = []
        options.retries = 0
        let again = try await store.pull(ImageName("\(registry.host)/app@\(digest)"), options: options)
        #expect(again == digest)
        #expect(try store.verify() == [])
    }

    /// A proxy that writes down what it is asked for.
    private static let proxy = """
        import http.server, socket, sys, threading, urllib.request
        def pump(a, b):
            try:
                while data := a.recv(65536): b.sendall(data)
                b.shutdown(socket.SHUT_WR)
            except OSError: pass
        class Handler(http.server.BaseHTTPRequestHandler):
            def note(self): open(sys.argv[1], "a").write("%s %s\\n" % (self.command, self.path))
            def do_CONNECT(self):
                self.note()
                host, port = self.path.rsplit(":", 1)
                far = socket.create_connection((host, int(port)))
                self.send_response(200); self.end_headers()
                back = threading.Thread(target=pump, args=(far, self.connection)); back.start()
                pump(self.connection, far); back.join()
            def do_GET(self):
                self.note()
                words = {name: value for name, value in self.headers.items() if name.lower() in ("accept", "range")}
                try: answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    urllib.request.Request(self.path, headers=words))
                except urllib.error.HTTPError as error: answer = error
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data))); self.end_headers()
                self.wfile.write(data)
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test("the environment's proxies, for HTTPS and HTTP; not where no_proxy says so", .requires(tool: "python3"))
    func proxies() async throws {
        let home = try TemporaryFolder()
        try home.write(Array(Self.proxy.utf8), to: "proxy.py")
        let proxy = try await RunningProgram.start("python3", ["proxy.py", "log"], in: home.path)
        defer { proxy.signal(SIGTERM) }
        try await wait(for: "the proxy") { !proxy.output.isEmpty || !proxy.errors.isEmpty }
        try #require(!proxy.output.isEmpty, "\(proxy.errors)")
        let url = "http://127.0.0.1:\(proxy.output.split(separator: "\n")[0])"
        let (secure, plain) = (try await TestRegistry(), try await TestRegistry(.everybody))
        for registry in [secure, plain] { try await registry.push(Self.image("x"), as: "team/app:v1") }
        let arguments = [
            "--registry-ca", "\(secure.folder.path)/cert.pem", "--authfile", "\(secure.folder.path)/pass.json",
            "--insecure-registry", plain.host,
        ]
        func asked(_ registry: TestRegistry, _ variables: [String: String?]) async throws -> String {
            unlink("\(home.path)/log")
            let outcome = try await Self.pull(
                "\(registry.host)/team/app:v1", arguments, Self.environment(home.path, variables))
            #expect(outcome.succeeded, "\(outcome.errors)")
            return Files.text(of: "\(home.path)/log") ?? ""
        }
        let host = secure.host.split(separator: ":")[0]
        #expect(try await asked(secure, [:]) == "")
        #expect(try await asked(secure, ["HTTPS_PROXY": url]).hasPrefix("CONNECT \(secure.host)\n"))
        #expect(try await asked(secure, ["https_proxy": url, "no_proxy": String(host)]) == "")
        #expect(
            try await asked(plain, ["http_proxy": url]).contains("GET http://\(plain.host)/v2/team/app/manifests/v1"))
        // A proxy that is not there is named.
        let silent = "http://127.0.0.1:\(try Tool.freePort())"
        let failed = try await Self.pull(
            "\(secure.host)/team/app:v1", arguments, Self.environment(home.path, ["HTTPS_PROXY": silent]))
        #expect(failed.status == 1 && failed.errors.hasPrefix("error: "), "\(failed.errors)")
    }
}
