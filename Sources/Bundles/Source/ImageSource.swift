internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// Where a rootfs comes from, as `--from` says it.
public enum ImageSource: Hashable, Sendable, CustomStringConvertible {
    /// A plain tarball of a rootfs, compressed or not.
    case tar(path: String)
    /// A rootfs as a folder.
    case directory(path: String)
    /// What `docker save` writes.
    case dockerArchive(path: String, reference: String?)
    /// An OCI image layout; the reference is a tag or `@DIGEST`.
    case ociLayout(path: String, reference: String?)
    /// An OCI image layout in a tar archive.
    case ociArchive(path: String, reference: String?)
    /// An image in a registry; it goes through the store.
    case registry(ImageName)
    /// An image that the store has: its name there, or `@DIGEST`.
    case stored(name: String)

    /// - Parameter text: `tar:PATH`, `dir:PATH`, `docker-archive:PATH[:REF]`, `oci:DIR[:TAG|@DIGEST]`,
    ///   `oci-archive:PATH[:TAG|@DIGEST]`, `docker://REF`, `store:REF`, or bare: a path, which is recognised by its
    ///   content, or a REF with a tag or a digest.
    /// - Throws: `BundleError` if the path names nothing, or the form is unknown.
    public init(_ text: String) throws {
        let colon = text.firstIndex(of: ":")
        let rest = colon.map { String(text[text.index(after: $0)...]) } ?? ""
        switch colon.map({ text[..<$0] }) {
        case "tar": self = .tar(path: try Self.nonEmpty(rest, text))
        case "dir": self = .directory(path: try Self.nonEmpty(rest, text))
        case "docker-archive":
            let (path, reference) = try Self.split(rest, text)
            self = .dockerArchive(path: path, reference: reference)
        case "oci":
            let (path, reference) = try Self.split(rest, text)
            self = .ociLayout(path: path, reference: reference)
        case "oci-archive":
            let (path, reference) = try Self.split(rest, text)
            self = .ociArchive(path: path, reference: reference)
        case "store": self = .stored(name: try Self.nonEmpty(rest, text, "a name"))
        case "docker" where rest.hasPrefix("//"): self = .registry(try ImageName(String(rest.dropFirst(2))))
        default: self = try Self.recognised(text)
        }
    }

    private static func nonEmpty(_ rest: String, _ text: String, _ what: String = "a path") throws -> String {
        if rest.isEmpty { throw BundleError(.notFound, "'\(text)' lacks \(what) after the colon") }
        return rest
    }

    /// The path is the shortest that names something: references may hold colons, and so may paths.
    private static func split(_ rest: String, _ text: String) throws -> (path: String, reference: String?) {
        _ = try nonEmpty(rest, text)
        var status = stat()
        for index in rest.indices where rest[index] == ":" || rest[index] == "@" {
            let path = String(rest[..<index])
            guard !path.isEmpty, stat(path, &status) == 0 else { continue }
            let reference = String(rest[(rest[index] == "@" ? index : rest.index(after: index))...])
            if reference.isEmpty || reference == "@" {
                throw BundleError(.notFound, "'\(text)' ends without saying which image")
            }
            return (path, reference)
        }
        if stat(rest, &status) == 0 { return (rest, nil) }
        // Nothing is there: what a user would call the path is what stands before the first colon.
        return (String(rest.prefix { $0 != ":" }), nil)
    }

    private static func recognised(_ path: String) throws -> ImageSource {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let error = SystemError.last("open", path)
            // A name without tag or digest is more likely a mistyped path.
            if error.isMissing, path.contains(":") || path.contains("@"), let name = try? ImageName(path) {
                return .registry(name)
            }
            throw BundleError(error.isMissing ? .notFound : .system, "there is no source '\(path)'", cause: error)
        }
        if status.kind == .directory {
            return access("\(path)/oci-layout", F_OK) == 0
                ? .ociLayout(path: path, reference: nil) : .directory(path: path)
        }
        return try ArchiveKind.recognise(path)
    }

    /// The path on this machine; nil for a registry's and the store's.
    public var path: String? {
        switch self {
        case .tar(let path), .directory(let path), .dockerArchive(let path, _), .ociLayout(let path, _),
            .ociArchive(let path, _):
            path
        case .registry, .stored: nil
        }
    }

    /// The same from any working directory.
    var absolute: ImageSource {
        func full(_ path: String) -> String { Files.canonicalPath(path) ?? path }
        return switch self {
        case .tar(let path): .tar(path: full(path))
        case .directory(let path): .directory(path: full(path))
        case .dockerArchive(let path, let reference): .dockerArchive(path: full(path), reference: reference)
        case .ociLayout(let path, let reference): .ociLayout(path: full(path), reference: reference)
        case .ociArchive(let path, let reference): .ociArchive(path: full(path), reference: reference)
        case .registry, .stored: self
        }
    }

    /// The same by the manifest's digest, whatever its tag means later.
    func exactly(_ image: ImageContents) -> ImageSource {
        guard let digest = image.manifest?.digest else { return self }
        return switch self {
        case .ociLayout(let path, _): .ociLayout(path: path, reference: "@\(digest)")
        case .ociArchive(let path, _): .ociArchive(path: path, reference: "@\(digest)")
        case .registry(let name):
            (try? ImageName("\(name.registry)/\(name.repository)@\(digest)")).map { .registry($0) } ?? self
        case .stored: .stored(name: "@\(digest)")
        case .tar, .directory, .dockerArchive: self
        }
    }

    /// As `--from` takes it.
    public var description: String {
        func joined(_ kind: String, _ path: String, _ reference: String?) -> String {
            "\(kind):\(path)" + (reference.map { $0.hasPrefix("@") ? $0 : ":\($0)" } ?? "")
        }
        return switch self {
        case .tar(let path): "tar:\(path)"
        case .directory(let path): "dir:\(path)"
        case .dockerArchive(let path, let reference): joined("docker-archive", path, reference)
        case .ociLayout(let path, let reference): joined("oci", path, reference)
        case .ociArchive(let path, let reference): joined("oci-archive", path, reference)
        case .registry(let name): "docker://\(name)"
        case .stored(let name): "store:\(name)"
        }
    }
}
