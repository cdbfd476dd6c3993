import Glibc
import LinuxSystem
import TestSupport

@testable import Bundles

/// Debian's `docker-registry` on loopback; ends with its last reference.
final class TestRegistry: Sendable {
    /// Who is let in.
    enum Access {
        /// `user` with the password `pass`.
        case password
        /// Who shows a token of `TokenServer`; the password of `user` is `pass`, too.
        case token(TokenServer)
        /// Everybody, and without TLS.
        case everybody
    }

    let folder: TemporaryFolder
    let host: String
    private let process: pid_t

    init(_ access: Access = .password, repositories: String? = nil) async throws {
        folder = try TemporaryFolder()
        let port = try Tool.freePort()
        host = "localhost:\(port)"
        let auth: String
        var tls = "tls: {certificate: $PWD/cert.pem, key: $PWD/key.pem}"
        switch access {
        case .password: auth = "auth: {htpasswd: {realm: test, path: $PWD/htpasswd}}"
        case .token(let server):
            auth = """
                auth:
                  token: {realm: "\(server.address)", service: test, issuer: tokens, rootcertbundle: \(server.certificate)}
                """
        case .everybody: (auth, tls) = ("", "debug: {}")
        }
        let output = try await Tool.shell(
            """
            \(TestRegistry.makeCertificate)
            htpasswd -Bbn user pass >htpasswd
            cat >config.yml <<END
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(repositories ?? "$PWD/data")}}
            http: {addr: "127.0.0.1:\(port)", \(tls)}
            \(auth)
            END
            for user in pass wrong; do
                printf '{"auths":{"\(host)":{"auth":"%s"}}}' $(printf user:$user | base64) >$user.json
            done
            docker-registry serve config.yml >log 2>&1 </dev/null &
            echo $!
            for try in $(seq 100); do
                curl -ksS -m 1 https://\(host)/v2/ >/dev/null 2>&1 && break
                curl -sS -m 1 http://\(host)/v2/ >/dev/null 2>&1 && break
                sleep 0.05
            done
            """, in: folder.path)
        process = pid_t(output.trimmed) ?? 0
    }

    deinit { if process > 0 { kill(process, SIGTERM) } }

    /// For `localhost`, vouched for by nobody: `cert.pem` and `key.pem`.
    static let makeCertificate = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost 2>/dev/null
        """

    /// The folder with its repositories, for another registry that has the same.
    var repositories: String { "\(folder.path)/data" }

    func push(_ builder: ImageBuilder, as name: String) async throws {
        try await Tool.shell(
            "skopeo copy -q --all --dest-creds user:pass --dest-tls-verify=false 'oci:\(builder.path)' 'docker://\(host)/\(name)'"
        )
    }

    func options(_ auth: String = "pass.json") -> RegistryOptions {
        var options = RegistryOptions()
        options.certificates = "\(folder.path)/cert.pem"
        options.authFile = "\(folder.path)/\(auth)"
        options.retries = 1
        return options
    }
}

/// Gives tokens as registries ask for them (distribution's auth/token.md and auth/oauth.md), over TLS on loopback:
/// to anybody for repositories below `public/`, to `user` with `pass` and to the identity token `identity` for all.
final class TokenServer: Sendable {
    let folder: TemporaryFolder
    let address: String
    private let process: pid_t

    init() async throws {
        folder = try TemporaryFolder()
        let port = try Tool.freePort()
        address = "https://localhost:\(port)/token"
        try folder.write(Array(Self.program.utf8), to: "server.py")
        let output = try await Tool.shell(
            """
            \(TestRegistry.makeCertificate)
            python3 server.py \(port) >output 2>&1 </dev/null &
            echo $!
            for try in $(seq 100); do curl -ksS -m 1 https://localhost:\(port)/ >/dev/null 2>&1 && break; sleep 0.05; done
            """, in: folder.path)
        process = pid_t(output.trimmed) ?? 0
    }

    deinit { if process > 0 { kill(process, SIGTERM) } }

    var certificate: String { "\(folder.path)/cert.pem" }

    /// Who has asked for what, and since the last look.
    func log() throws -> String {
        let log = Files.text(of: "\(folder.path)/log") ?? ""
        try folder.write([], to: "log")
        return log
    }

    private static let program = """
        import base64, http.server, json, ssl, subprocess, sys, time, urllib.parse

        def pack(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        certificate = "".join(open("cert.pem").read().split("-----")[2].split())

        def token(subject, scope):
            access = []
            for part in filter(None, scope):
                kind, name, actions = part.rsplit(":", 2) if part.count(":") > 1 else (part, "", "")
                if subject or name.startswith("public/"):
                    access.append({"type": kind, "name": name, "actions": actions.split(",")})
            now = int(time.time())
            claims = {"iss": "tokens", "sub": subject, "aud": "test", "nbf": now - 10, "iat": now, "exp": now + 300,
                      "jti": str(time.time_ns()), "access": access}
            header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
            text = ".".join(pack(json.dumps(part).encode()) for part in (header, claims))
            signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", "key.pem"], input=text.encode(),
                                    capture_output=True, check=True).stdout
            return text + "." + pack(signed)

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, subject, query, key):
                scope = " ".join(query.get("scope", [])).split(" ")
                with open("log", "a") as log:
                    log.write("%s %s %s\\n" % (self.command, subject, " ".join(scope)))
                body = b"{}" if subject is None else json.dumps({key: token(subject, scope)}).encode()
                self.send_response(401 if subject is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                given = self.headers.get("Authorization")
                right = "Basic " + base64.b64encode(b"user:pass").decode()
                subject = "" if given is None else "user" if given == right else None
                self.answer(subject, urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query), "token")

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                right = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == ["identity"]
                self.answer("user" if right and form.get("service") == ["test"] else None, form, "access_token")

            def log_message(self, *arguments): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """
}
