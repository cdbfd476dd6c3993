internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// Images on this machine: an OCI image layout, so that other tools read it too. Blobs are shared between images, and
/// enter under their name only when they are whole and verified.
package struct ImageStore: Sendable {
    package let path: String
    private let folder: Descriptor

    /// `$BUNDLETOOL_STORE`, else a folder in the cache.
    package static var defaultPath: String {
        getenv("BUNDLETOOL_STORE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
            ?? "\(CacheFolder.path)/images"
    }

    /// Opens the store, and makes it if it is not there.
    package init(_ path: String = ImageStore.defaultPath) throws {
        self.path = path
        do {
            folder = try MadeDirectory(path).descriptor
            for algorithm in Digest.Algorithm.allCases {
                _ = try MadeDirectory("\(path)/blobs/\(algorithm.rawValue)")
            }
            _ = try MadeDirectory("\(path)/partial")
            let lock = try Self.lock(folder, exclusive: true)
            defer { withExtendedLifetime(lock) {} }
            if try folder.statusIfPresent(of: FileName("oci-layout")) == nil {
                try folder.replaceFile(
                    FileName("index.json"),
                    with: Array("{\"schemaVersion\": 2, \"manifests\": []}\n".utf8))
                try folder.replaceFile(
                    FileName("oci-layout"), with: Array("{\"imageLayoutVersion\": \"1.0.0\"}\n".utf8))
            }
        } catch {
            throw BundleError.wrap(error, "cannot use the image store \(path)")
        }
    }

    /// A lock on the whole store. Waits for others: nobody holds it for long but who pulls, and those share it.
    private static func lock(_ folder: Descriptor, exclusive: Bool) throws(SystemError) -> Descriptor {
        let file = try folder.open(FileName("lock"), O_RDWR | O_CREAT, mode: 0o600)
        try retrying("lock the image store") { flock(file.raw, exclusive ? LOCK_EX : LOCK_SH) }
        return file
    }

    /// Whoever adds or reads blobs shares the store; whoever removes some has it alone.
    func shared<Value>(_ body: () async throws -> Value) async throws -> Value {
        let lock = try Self.lock(folder, exclusive: false)
        defer { withExtendedLifetime(lock) {} }
        return try await body()
    }

    func alone<Value>(_ body: () throws -> Value) throws -> Value {
        let lock = try Self.lock(folder, exclusive: true)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    var layout: OCILayout {
        get throws { OCILayout(files: try FolderFiles(path)) }
    }
}

// MARK: - Blobs

extension ImageStore {
    private func place(of digest: Digest) -> String { "\(path)/\(OCILayout.path(of: digest))" }

    func has(_ digest: Digest) -> Bool { Files.exists(place(of: digest)) }

    /// A blob that is on its way in. What a broken transfer has left is taken up again.
    final class Incoming {
        private let store: ImageStore
        private let digest: Digest
        private let file: Descriptor
        private let partial: String
        private var hasher: DigestHasher
        /// How many bytes are there.
        var count: Int { hasher.count }

        fileprivate init(_ store: ImageStore, _ digest: Digest) throws {
            self.store = store
            self.digest = digest
            partial = "\(store.path)/partial/\(digest.algorithm.rawValue)-\(digest.hex)"
            file = try Descriptor.open(partial, O_RDWR | O_CREAT, mode: 0o600)
            // Somebody else who fetches the same blob is waited for; then it is there.
            let file = file
            try retrying("lock a blob") { flock(file.raw, LOCK_EX) }
            hasher = DigestHasher(digest.algorithm)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
            defer { buffer.deallocate() }
            while case let got = try file.read(into: buffer), got > 0 {
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            }
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws {
            try file.write(all: bytes, at: count)
            hasher.update(bytes)
        }

        func restart() throws {
            try file.setSize(0)
            hasher = DigestHasher(digest.algorithm)
        }

        /// Gives the blob its name, if it is what it should be.
        func finish(size: Int?) throws {
            let count = count
            let found = hasher.finish()
            if found != digest || size.map({ $0 != count }) ?? false {
                unlink(partial)
                throw BundleError(
                    .badImage, "the blob \(digest) is not what came: \(count) bytes with the digest \(found)")
            }
            try file.setMode(0o644)
            try file.sync()
            try retrying("store a blob", digest.description) { rename(partial, store.place(of: digest)) }
        }
    }

    /// Adds a blob, unless it is there.
    func add(_ digest: Digest, size: Int?, _ fill: (Incoming) throws -> Void) throws {
        if has(digest) { return }
        let incoming = try Incoming(self, digest)
        if has(digest) { return }
        if let size, incoming.count > size { try incoming.restart() }
        if size == nil || incoming.count != size { try fill(incoming) }
        try incoming.finish(size: size)
    }

    func add(_ bytes: [UInt8]) throws -> Digest {
        let digest = Digest.of(bytes)
        try add(digest, size: bytes.count) { incoming in
            try incoming.restart()
            try bytes.withUnsafeBytes { try incoming.write($0) }
        }
        return digest
    }
}

// MARK: - Names

extension ImageStore {
    private static let nameKey = "org.opencontainers.image.ref.name"

    /// Gives an image a name; whatever had it loses it.
    func setName(_ name: String, _ descriptor: ImageSpec.Descriptor) throws {
        try editIndex { manifests in
            var entry = descriptor
            entry.annotations = (entry.annotations ?? [:]).merging([Self.nameKey: name]) { $1 }
            manifests.removeAll { $0.annotations?[Self.nameKey] == name }
            manifests.append(entry)
        }
    }

    private func editIndex(_ change: (inout [ImageSpec.Descriptor]) throws -> Void) throws {
        let lock = try folder.open(FileName("index.lock"), O_RDWR | O_CREAT, mode: 0o600)
        try retrying("lock the image store's index") { flock(lock.raw, LOCK_EX) }
        var index = try layout.index()
        var manifests = index.manifests ?? []
        try change(&manifests)
        index.manifests = manifests
        try folder.replaceFile(FileName("index.json"), with: JSONCoding.text(index.json))
    }

    /// The images and what they are called.
    package func names() throws -> [(name: String, digest: String)] {
        try (layout.index().manifests ?? []).map { ($0.annotations?[Self.nameKey] ?? "", $0.digest ?? "") }
            .sorted { $0.0 < $1.0 }
    }

    /// The name in the store that `text` means: as it stands, or as a registry's name.
    func name(_ text: String) throws -> String {
        let names = Set(try names().map(\.name))
        if names.contains(text) { return text }
        if let full = try? ImageName(text).description, names.contains(full) { return full }
        throw BundleError(
            .notFound, "the store has no image '\(text)'; 'bundletool image list' shows those that it has")
    }

    /// Takes a name away; `prune` removes the blobs that nobody names any more.
    package func remove(_ text: String) throws {
        let name = try name(text)
        try editIndex { $0.removeAll { $0.annotations?[Self.nameKey] == name } }
    }

    /// What an image needs, by digest: all platforms' manifests that are here, with configurations and layers.
    func blobs(of start: [ImageSpec.Descriptor]) throws -> Set<Digest> {
        var found: Set<Digest> = []
        var left = start
        let files = try FolderFiles(path)
        while let next = left.popLast() {
            let digest = try ManifestReader.digest(of: next, path)
            guard found.insert(digest).inserted, let bytes = try? files.documentIfPresent(OCILayout.path(of: digest)),
                let value = try? JSONCoding.parse(bytes),
                let type = try? ManifestReader.type(of: value, next.mediaType == nil ? nil : next, path)
            else { continue }
            if ManifestReader.indexTypes.contains(type) {
                left += try JSONCoding.decode(ImageSpec.Index.self, from: value).manifests ?? []
            } else {
                let manifest = try JSONCoding.decode(ImageSpec.Manifest.self, from: value)
                for blob in (manifest.layers ?? []) + [manifest.config].compactMap(\.self) {
                    found.insert(try ManifestReader.digest(of: blob, path))
                }
            }
        }
        return found
    }

    /// Removes every blob that no image needs, and what broken pulls left.
    /// - Returns: how many bytes that freed.
    package func prune() throws -> Int {
        try alone {
            let needed = try blobs(of: layout.index().manifests ?? [])
            var freed = 0
            for algorithm in Digest.Algorithm.allCases {
                let folder = "\(path)/blobs/\(algorithm.rawValue)"
                for name in try Files.names(in: folder) {
                    if let digest = try? Digest("\(algorithm.rawValue):\(name)"), needed.contains(digest) { continue }
                    freed += Self.removeFile("\(folder)/\(name)")
                }
            }
            for name in try Files.names(in: "\(path)/partial") { freed += Self.removeFile("\(path)/partial/\(name)") }
            return freed
        }
    }

    private static func removeFile(_ path: String) -> Int {
        var status = stat()
        guard lstat(path, &status) == 0, unlink(path) == 0 else { return 0 }
        return Int(status.st_size)
    }

    /// Reads every blob and names those that are damaged, and those that an image needs and that are missing.
    package func verify() throws -> [String] {
        var problems: [String] = []
        for algorithm in Digest.Algorithm.allCases {
            for name in try Files.names(in: "\(path)/blobs/\(algorithm.rawValue)") {
                guard let digest = try? Digest("\(algorithm.rawValue):\(name)") else {
                    problems.append("blobs/\(algorithm.rawValue)/\(name) has no digest's name")
                    continue
                }
                if try !isWhole(digest) {
                    problems.append("\(digest) is damaged; 'bundletool image pull' fetches it again once it is removed")
                }
            }
        }
        let files = try FolderFiles(path)
        for entry in try layout.index().manifests ?? [] {
            let reader = try layout.reader(path, PlatformChoice(nil))
            let digest = try ManifestReader.digest(of: entry, path)
            if try files.find(OCILayout.path(of: digest)) == nil {
                problems.append("\(reader.name) lacks \(digest), which an image is")
            }
        }
        return problems
    }

    private func isWhole(_ digest: Digest) throws -> Bool {
        let file = try Descriptor.open(place(of: digest), O_RDONLY)
        let hasher = DigestHasher(digest.algorithm)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while case let got = try file.read(into: buffer), got > 0 {
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
        return hasher.finish() == digest
    }
}
