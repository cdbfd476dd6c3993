internal import Glibc
internal import LinuxSystem
package import OCIConfig

/// `NAME.recipe.json`: where a rootfs comes from, which files to put into it, and how to edit the configuration.
///
/// ```json
/// { "from": ["store:python:3-slim", "tar:${cache}/python-rootfs.tar.gz"], "missing": "'make setup' builds the latter",
///   "files": [{ "path": "/srv/server.py", "source": "server.py", "mode": "0755" }],
///   "config": { "args": ["python3", "server.py"], "cwd": "/srv" } }
/// ```
/// Of several sources the first that is there is taken; those that the store may have ask no registry.
package struct Recipe: Sendable {
    package let name: String
    /// In the order of preference.
    private let sources: [ImageSource]
    /// What to do when none of them is there.
    private let missing: String?
    package let files: [RootfsFile]
    package let edits: ConfigEdits

    private struct Form: Decodable {
        var from: Sources
        /// What to do when the source is not there.
        var missing: String?
        var files: [File]?
        var config: ConfigEdits?
        static let keys = ["from", "missing", "files", "config"]

        enum CodingKeys: String, CodingKey { case from, missing, files, config }
    }

    /// One, or several in the order of preference.
    private struct Sources: Decodable {
        let texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            texts = try (try? container.decode([String].self)) ?? [container.decode(String.self)]
        }
    }

    private struct File: Decodable {
        var path: String
        /// A file beside the recipe; else `content` holds the text.
        var source: String?
        var content: String?
        /// Octal, as text.
        var mode: String?
        /// `UID:GID`, numeric.
        var owner: String?
        static let keys = ["path", "source", "content", "mode", "owner"]
    }

    /// The recipe of this name in the current folder, else the one that is built in.
    package static func find(_ name: BundleName) throws -> Recipe {
        let path = "\(name).recipe.json"
        if access(path, F_OK) == 0 { return try Recipe(name: name.text, file: path) }
        guard let builtin = BuiltinRecipe.all[name.text] else {
            throw BundleError(
                .notFound,
                "there is no recipe '\(name)': no \(path) here, and none built in "
                    + "(\(BuiltinRecipe.all.keys.sorted().joined(separator: ", "))); say where the rootfs comes from "
                    + "with --from")
        }
        return try Recipe(name: name.text, text: Array(builtin.recipe.utf8), at: path) { source in
            guard let content = builtin.files[source] else {
                throw SystemError(code: ENOENT, operation: "open", subject: source)
            }
            return Array(content.utf8)
        }
    }

    private init(name: String, file: String) throws {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        try self.init(name: name, text: try Self.read(file), at: file) { source in
            try Self.read(source.hasPrefix("/") ? source : folder + source)
        }
    }

    /// - Parameter read: gives the content of a file beside the recipe.
    init(name: String, text: [UInt8], at place: String, read: (String) throws -> [UInt8]) throws {
        self.name = name
        do {
            let document = try JSONCoding.parse(text)
            try Self.check(document, Form.keys, "")
            for case let file in document.members?["files"]?.elements ?? [] {
                try Self.check(file, File.keys, "files.")
            }
            let form = try JSONCoding.decode(Form.self, from: document)
            sources = try form.from.texts.map { try ImageSource($0.replacing("${cache}", with: CacheFolder.path)) }
            missing = form.missing
            files = try (form.files ?? []).map { try Self.file($0, read) }
            edits = form.config ?? ConfigEdits()
        } catch {
            throw BundleError.wrap(error, "the recipe \(place) cannot be used")
        }
    }

    private static func check(_ value: JSONValue, _ keys: [String], _ place: String) throws {
        for key in value.members?.keys.sorted() ?? [] where !keys.contains(key) {
            throw BundleError(
                .badArchive, "a recipe has no '\(place)\(key)'; it may have \(keys.joined(separator: ", "))")
        }
    }

    /// The first of the sources that is there.
    /// - Parameter store: where images that were pulled or imported are kept.
    package func source(store: String = ImageStore.defaultPath) async throws -> ImageSource {
        for source in sources where try await Self.isThere(source, store) { return source }
        let all = sources.map { $0.path ?? $0.description }.joined(separator: ", ")
        throw BundleError(
            .notFound, "the rootfs of the recipe \(name) is not there (\(all))" + (missing.map { "; \($0)" } ?? ""))
    }

    private static func isThere(_ source: ImageSource, _ store: String) async throws -> Bool {
        switch source {
        case .stored(let name): Files.exists("\(store)/oci-layout") ? try await ImageStore(store).holds(name) : false
        case .registry: true
        case .tar, .directory, .dockerArchive, .ociLayout, .ociArchive: source.path.map(Files.exists) ?? false
        }
    }

    private static func file(_ form: File, _ read: (String) throws -> [UInt8]) throws -> RootfsFile {
        let content: [UInt8]
        switch (form.source, form.content) {
        case (let source?, nil): content = try read(source)
        case (nil, let text?): content = Array(text.utf8)
        default: throw BundleError(.badArchive, "the file \(form.path) needs either 'source' or 'content'")
        }
        var file = RootfsFile(path: form.path, content: content)
        if let mode = form.mode {
            guard let number = UInt32(mode, radix: 8), number <= 0o7777 else {
                throw BundleError(.badArchive, "the file \(form.path) has the mode '\(mode)'; write it like 0755")
            }
            file.mode = number
        }
        if let owner = form.owner {
            let ids = owner.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard ids.count == 2, let user = ids[0], let group = ids[1] else {
                throw BundleError(.badArchive, "the file \(form.path) has the owner '\(owner)'; write it like 0:0")
            }
            (file.user, file.group) = (user, group)
        }
        return file
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            return try Descriptor.open(path, O_RDONLY).contents(limit: 64 << 20)
        } catch {
            throw BundleError(.notFound, "cannot read \(path)", cause: error)
        }
    }
}
