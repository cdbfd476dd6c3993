internal import CFetch

/// HTTP by libcurl, one request at a time, on the calling thread. Proxies come from the environment.
final class HTTPClient {
    struct Response {
        var status = 0
        /// Names in lower case; of several with one name the last.
        var headers: [String: String] = [:]
    }

    /// A request that got no response, or one that ended early.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Whether trying again may help: not after a wrong certificate or an unknown host.
        let isTemporary: Bool
        /// In seconds, where the server says when to come again.
        var retryAfter: Int?
    }

    private let fetch: OpaquePointer
    private let options: RegistryOptions
    private static let stallSeconds = 60

    init(_ options: RegistryOptions) throws {
        guard let fetch = blt_fetch_new() else {
            throw BundleError(
                .unsupported, "pulling needs libcurl, which is not installed here; install it ('apt install libcurl4')")
        }
        self.fetch = fetch
        self.options = options
    }

    deinit { blt_fetch_free(fetch) }

    /// What libcurl's callbacks draw on.
    private final class Transfer {
        var response = Response()
        var error: (any Error)?
        let body: (Response, UnsafeRawBufferPointer) throws -> Void

        init(_ body: @escaping (Response, UnsafeRawBufferPointer) throws -> Void) {
            self.body = body
        }

        func take(header line: String) {
            if line.hasPrefix("HTTP/") {
                // After a redirect everything begins again.
                response = Response()
                response.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            } else if let colon = line.firstIndex(of: ":") {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                response.headers[line[..<colon].lowercased()] = String(value.prefix { !$0.isNewline })
            }
        }
    }

    /// - Parameters:
    ///   - insecure: plain HTTP, or a certificate that nobody vouches for.
    ///   - form: posts this instead of getting.
    ///   - body: is given the response's status and headers with each piece; what it throws ends the transfer.
    func perform(
        _ url: String, headers: [String], insecure: Bool, form: String? = nil,
        _ body: @escaping (Response, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Response {
        let transfer = Transfer(body)
        var status = 0
        var message = [CChar](repeating: 0, count: 256)
        let lines = headers.map { Array($0.utf8CString) }
        let code = try withCStrings(lines) { pointers in
            try url.withCString { url in
                try withOptionalCString(form) { form in
                    try withOptionalCString(options.certificates) { certificates in
                        var request = blt_fetch_request()
                        request.url = url
                        request.headers = pointers
                        request.post = form
                        request.ca_file = certificates
                        request.insecure = insecure ? 1 : 0
                        request.https_only = insecure ? 0 : 1
                        request.stall_seconds = Self.stallSeconds
                        request.context = Unmanaged.passUnretained(transfer).toOpaque()
                        request.header = { data, _, count, context in
                            let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
                            let bytes = UnsafeRawBufferPointer(start: data, count: count)
                            transfer.take(header: String(decoding: bytes, as: UTF8.self))
                            return count
                        }
                        request.body = { data, _, count, context in
                            let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
                            do {
                                try transfer.body(
                                    transfer.response, UnsafeRawBufferPointer(start: data, count: count))
                                return count
                            } catch {
                                transfer.error = error
                                return 0
                            }
                        }
                        return blt_fetch_perform(fetch, &request, &status, &message)
                    }
                }
            }
        }
        if let error = transfer.error { throw error }
        if code != 0 {
            let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // Unknown protocol, malformed address, unknown host, and everything about certificates.
            let permanent: Set<Int32> = [1, 3, 6, 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91]
            throw Failure(description: text, isTemporary: !permanent.contains(code))
        }
        transfer.response.status = status
        return transfer.response
    }

    private func withCStrings<Value>(
        _ strings: [[CChar]], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Value
    ) throws -> Value {
        let copies = strings.map { string in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count)
            copy.initialize(from: string, count: string.count)
            return copy
        }
        defer { copies.forEach { $0.deallocate() } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) } + [nil]
        return try pointers.withUnsafeBufferPointer { try body($0.baseAddress!) }
    }

    private func withOptionalCString<Value>(
        _ text: String?, _ body: (UnsafePointer<CChar>?) throws -> Value
    ) throws -> Value {
        guard let text else { return try body(nil) }
        return try text.withCString(body)
    }
}
