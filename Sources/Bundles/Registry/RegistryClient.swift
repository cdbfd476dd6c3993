internal import LinuxSystem
internal import OCIConfig
internal import Synchronization

/// One repository of a registry, by the distribution specification: manifests and blobs are read from it.
///
/// Works on the calling thread; several threads may share one.
final class RegistryClient: Sendable {
    private let name: ImageName
    private let options: RegistryOptions
    private let cancellation: Cancellation
    /// The `Authorization` header that each host wants, once that is known: a mirror is shown nothing of the
    /// registry's, and the other way round.
    private let authorizations = Mutex<[String: String]>([:])
    /// Insecure hosts that turned out to speak no TLS.
    private let plainHosts = Mutex<Set<String>>([])

    init(_ name: ImageName, _ options: RegistryOptions, _ cancellation: Cancellation) {
        self.name = name
        self.options = options
        self.cancellation = cancellation
    }

    /// Where docker.io's images are.
    private static let dockerHost = "registry-1.docker.io"

    /// Where to ask, in this order.
    private var hosts: [String] {
        (options.mirrors[name.registry] ?? []) + [name.registry == "docker.io" ? Self.dockerHost : name.registry]
    }

    /// A manifest or index by tag or digest, and what the registry says that it is. Unverified.
    func manifest(_ reference: String) throws -> (bytes: [UInt8], type: String?) {
        let accepted = ManifestReader.manifestTypes.union(ManifestReader.indexTypes).sorted()
        var bytes: [UInt8] = []
        let response = try get("manifests/\(reference)", headers: ["Accept: \(accepted.joined(separator: ", "))"]) {
            bytes = []
        } body: { piece in
            if bytes.count + piece.count > FolderFiles.largestDocument {
                throw BundleError(
                    .refused, "the manifest of \(self.name) is larger than \(FolderFiles.largestDocument) bytes")
            }
            bytes += piece
        }
        let type = response.headers["content-type"]?.split(separator: ";").first.map(String.init)
        return (bytes, type)
    }

    /// A blob, or what of it follows the first `offset` bytes.
    /// - Parameters:
    ///   - restart: is called when the registry begins at the front after all.
    func blob(
        _ digest: Digest, from offset: () -> Int, restart: @escaping () throws -> Void,
        body: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var attempt = 0
        while true {
            let start = offset()
            do {
                let range = start > 0 ? ["Range: bytes=\(start)-"] : []
                var isFirst = true
                let response = try request("blobs/\(digest)", headers: range) { response, piece in
                    guard response.status == 200 || response.status == 206 else { return }
                    if isFirst, start > 0, response.status == 200 { try restart() }
                    isFirst = false
                    try self.cancellation.check()
                    try body(piece)
                }
                // Nothing behind what is there already: it was whole, or longer than it should be.
                if response.status == 416 { return }
                return try check(response, "blobs/\(digest)")
            } catch let failure as HTTPClient.Failure {
                // However often it breaks off, it gets there as long as something comes.
                attempt = offset() > start ? 1 : attempt + 1
                if !failure.isTemporary || attempt > options.retries { throw unreachable(failure) }
                try pause(attempt, failure)
            }
        }
    }

    /// A small document, whole.
    private func get(
        _ path: String, headers: [String], begin: @escaping () -> Void,
        body: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPClient.Response {
        var attempt = 0
        while true {
            do {
                begin()
                let response = try request(path, headers: headers) { response, piece in
                    if response.status == 200 { try body(piece) }
                }
                try check(response, path)
                return response
            } catch let failure as HTTPClient.Failure {
                attempt += 1
                if !failure.isTemporary || attempt > options.retries { throw unreachable(failure) }
                try pause(attempt, failure)
            }
        }
    }

    /// 0.25 s, then twice as long each time; longer where the registry says so, within reason.
    private func pause(_ attempt: Int, _ failure: HTTPClient.Failure) throws {
        let asked = min(failure.retryAfter ?? 0, 60) * 1000
        try cancellation.pause(milliseconds: max(asked, 250 << min(attempt - 1, 6)))
    }

    private func unreachable(_ failure: HTTPClient.Failure) -> BundleError {
        BundleError(.system, "cannot pull \(name) from \(hosts.joined(separator: ", "))", cause: failure)
    }

    private func check(_ response: HTTPClient.Response, _ path: String) throws {
        switch response.status {
        case 200, 206: return
        case 401, 403:
            throw BundleError(
                .notPermitted,
                "\(name.registry) does not let us read \(name.repository) (\(response.status)): log in with 'docker login' "
                    + "or 'podman login', or check the name")
        case 404: throw BundleError(.notFound, "\(name.registry) has no \(path) of \(name.repository)")
        case 429, 500...599:
            throw HTTPClient.Failure(
                description: "the registry answered with status \(response.status)", isTemporary: true,
                retryAfter: response.headers["retry-after"].flatMap { Int($0) })
        default: throw BundleError(.system, "\(name.registry) answered with status \(response.status) for \(path)")
        }
    }

    /// One request to the first host that has an answer, with a token if one is wanted.
    private func request(
        _ path: String, headers: [String],
        _ body: @escaping (HTTPClient.Response, UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPClient.Response {
        var failure: (any Error)?
        for (number, host) in hosts.enumerated() {
            do {
                let response = try request(host, path, headers, body)
                let isLast = number == hosts.count - 1
                if isLast || (200..<300).contains(response.status) || response.status == 416 { return response }
            } catch let error as HTTPClient.Failure {
                failure = error
            }
        }
        throw failure ?? BundleError(.system, "cannot pull \(name)")
    }

    private func request(
        _ host: String, _ path: String, _ headers: [String],
        _ body: @escaping (HTTPClient.Response, UnsafeRawBufferPointer) throws -> Void
    ) throws -> HTTPClient.Response {
        let insecure = options.insecure.contains(host)
        let client = try HTTPClient(options)
        func send(_ scheme: String) throws -> HTTPClient.Response {
            let url = "\(scheme)://\(host)/v2/\(name.repository)/\(path)"
            func once() throws -> HTTPClient.Response {
                let extra = authorizations.withLock { $0[host] }.map { ["Authorization: \($0)"] } ?? []
                return try client.perform(url, headers: headers + extra, insecure: insecure, body)
            }
            let response = try once()
            guard response.status == 401, let challenge = response.headers["www-authenticate"] else { return response }
            guard let answer = try answer(challenge, host, insecure, client) else { return response }
            authorizations.withLock { $0[host] = answer }
            return try once()
        }
        if insecure, plainHosts.withLock({ $0.contains(host) }) { return try send("http") }
        do {
            return try send("https")
        } catch let failure as HTTPClient.Failure {
            // An insecure registry usually speaks no TLS at all.
            if !insecure { throw failure }
            let response = try send("http")
            plainHosts.withLock { _ = $0.insert(host) }
            return response
        }
    }

    /// What to send to a registry that wants to know who asks.
    private func answer(
        _ challenge: String, _ host: String, _ insecure: Bool, _ client: HTTPClient
    ) throws -> String? {
        let registry = host == Self.dockerHost ? "docker.io" : host
        let credentials = try Credentials.find(for: registry, name.repository, options)
        let scheme = challenge.prefix { $0 != " " }.lowercased()
        if scheme == "basic" { return credentials?.basic }
        guard scheme == "bearer" else { return nil }
        let fields = Self.fields(challenge.drop { $0 != " " })
        guard let realm = fields["realm"] else { return nil }
        // A token is for sending elsewhere: never give a password away in the clear because a registry says so.
        if realm.hasPrefix("http://"), !insecure {
            throw BundleError(.refused, "\(host) wants credentials sent without TLS, to \(realm)")
        }
        return try token(realm, fields, credentials, insecure, client).map { "Bearer \($0)" }
    }

    private func token(
        _ realm: String, _ fields: [String: String], _ credentials: Credentials?, _ insecure: Bool, _ client: HTTPClient
    ) throws -> String? {
        var query = [("scope", fields["scope"] ?? "repository:\(name.repository):pull")]
        if let service = fields["service"] { query.append(("service", service)) }
        var headers: [String] = []
        var form: String?
        if let identity = credentials?.identityToken {
            query += [("grant_type", "refresh_token"), ("refresh_token", identity), ("client_id", "bundletool")]
            form = Self.encoded(query)
        } else if let credentials {
            headers.append("Authorization: \(credentials.basic)")
        }
        let url = form == nil ? realm + (realm.contains("?") ? "&" : "?") + Self.encoded(query) : realm
        var bytes: [UInt8] = []
        let response = try client.perform(url, headers: headers, insecure: insecure, form: form) { _, piece in
            if bytes.count + piece.count > 1 << 20 { throw BundleError(.refused, "a token of over a megabyte") }
            bytes += piece
        }
        if response.status == 401 || response.status == 403 { return nil }
        guard response.status == 200, let answer = try? JSONCoding.parse(bytes).members else {
            throw HTTPClient.Failure(
                description: "no token (status \(response.status))", isTemporary: response.status >= 500)
        }
        return answer["token"]?.text ?? answer["access_token"]?.text
    }

    /// `key="value",key="value"`.
    static func fields(_ text: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " || $0 == "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            if rest.first == "\"" {
                rest = rest.dropFirst()
                let value = rest.prefix { $0 != "\"" }
                fields[key] = String(value)
                rest = rest[value.endIndex...].dropFirst()
            } else {
                let value = rest.prefix { $0 != "," }
                fields[key] = String(value)
                rest = rest[value.endIndex...]
            }
        }
        return fields
    }

    private static func encoded(_ query: [(String, String)]) -> String {
        query.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(UnicodeScalar(byte))
            default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
