internal import Glibc
internal import LinuxSystem
internal import OCIConfig

extension ImageStore {
    /// An image that is kept, by its name or `@DIGEST`, with its layers open: pruning takes nothing away from it.
    func image(_ text: String, _ wanted: PlatformChoice, progress: Progress?) async throws -> ImageContents {
        try await shared {
            try await layout.image(
                text.hasPrefix("@") ? text : name(text), wanted, name: "the store's image \(text)", progress: progress)
        }
    }

    /// Whether `image` would find something that this machine runs.
    package func holds(_ text: String) async throws -> Bool {
        do {
            _ = try await image(text, PlatformChoice(.host), progress: nil)
            return true
        } catch let error as BundleError where error.code == .notFound {
            return false
        }
    }

    private func start(_ text: String) throws -> ImageSpec.Descriptor {
        let name = try name(text)
        let entries = try layout.index().manifests ?? []
        guard let entry = entries.first(where: { $0.annotations?["org.opencontainers.image.ref.name"] == name }) else {
            throw BundleError(.notFound, "the store has no image '\(text)'")
        }
        return entry
    }

    /// An image's configuration, as it is stored.
    package func inspect(_ text: String) async throws -> [UInt8] {
        let reader = try layout.reader(text, PlatformChoice(nil))
        return try await shared { try await reader.document(reader.manifest(start(text)).config) }
    }

    /// Keeps an image that an archive or a layout holds. Everything is verified on the way.
    @discardableResult
    package func add(
        _ source: ImageSource, as name: ImageName, platform: ImagePlatform? = nil, progress: Progress? = nil
    ) async throws -> Digest {
        let wanted = PlatformChoice(platform)
        return try await Cancellation.scope { cancellation in
            try await shared {
                switch source {
                case .ociLayout(let path, let reference):
                    let layout = OCILayout(files: try FolderFiles(path))
                    return try await add(layout, reference, name, wanted, progress, cancellation)
                case .ociArchive(let path, let reference):
                    let files = try ArchiveFiles(path, scratch: self.path, progress: nil, cancellation)
                    return try await add(OCILayout(files: files), reference, name, wanted, progress, cancellation)
                case .dockerArchive(let path, let reference):
                    let files = try ArchiveFiles(path, scratch: self.path, progress: nil, cancellation)
                    let image = try DockerArchive(files: files).image(reference, wanted, progress: progress)
                    return try await add(image, name, progress, cancellation)
                case .tar, .directory, .registry, .stored:
                    throw BundleError(.unsupported, "\(source) is no image in an archive or a layout")
                }
            }
        }
    }

    private func add(
        _ layout: OCILayout, _ reference: String?, _ name: ImageName, _ wanted: PlatformChoice, _ progress: Progress?,
        _ cancellation: Cancellation
    ) async throws -> Digest {
        let image = try await layout.image(reference, wanted, progress: progress)
        for layer in image.layers { try await add(layer, progress, cancellation) }
        for document in image.documents { _ = try add(document) }
        guard let descriptor = image.manifest else { throw BundleError(.badImage, "\(image.name) has no manifest") }
        try setName(name.description, descriptor)
        return try ManifestReader.digest(of: descriptor, image.name)
    }

    /// A docker archive has no manifest: one is made.
    private func add(
        _ image: ImageContents, _ name: ImageName, _ progress: Progress?, _ cancellation: Cancellation
    ) async throws -> Digest {
        var layers: [ImageSpec.Descriptor] = []
        for layer in image.layers {
            let (digest, size, compression) = try await add(layer, progress, cancellation)
            layers.append(
                ImageSpec.Descriptor {
                    $0.digest = digest.description
                    $0.size = Int64(size)
                    $0.mediaType =
                        "application/vnd.oci.image.layer.v1.tar" + (compression == .none ? "" : "+\(compression)")
                })
        }
        guard let config = image.documents.first else {
            throw BundleError(.badImage, "\(image.name) has no configuration")
        }
        let (bytes, descriptor) = try Self.manifest(config: config, layers: layers)
        _ = try add(config)
        let digest = try add(bytes)
        try setName(name.description, descriptor)
        return digest
    }

    static func manifest(
        config: [UInt8], layers: [ImageSpec.Descriptor]
    ) throws -> (bytes: [UInt8], descriptor: ImageSpec.Descriptor) {
        let manifest = ImageSpec.Manifest {
            $0.schemaVersion = 2
            $0.mediaType = "application/vnd.oci.image.manifest.v1+json"
            $0.config = ImageSpec.Descriptor {
                $0.mediaType = "application/vnd.oci.image.config.v1+json"
                $0.digest = Digest.of(config).description
                $0.size = Int64(config.count)
            }
            $0.layers = layers
        }
        let bytes = JSONCoding.text(manifest.json)
        let descriptor = ImageSpec.Descriptor {
            $0.mediaType = manifest.mediaType
            $0.digest = Digest.of(bytes).description
            $0.size = Int64(bytes.count)
        }
        return (bytes, descriptor)
    }

    /// Adds a layer as it is stored; where its digest is not known, it is read once more to find it out.
    @discardableResult
    private func add(
        _ layer: TarStream, _ progress: Progress?, _ cancellation: Cancellation
    ) async throws -> (Digest, Int, Compression) {
        try await onThread("import") {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
            defer { buffer.deallocate() }
            let first = PeekingReader(try layer.open(cancellation))
            let compression = Compression(magic: try first.peek(Compression.magicLength))
            let hasher = DigestHasher(.sha256)
            while case let count = try first.read(into: buffer), count > 0 {
                try cancellation.check()
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            let size = hasher.count
            let found = hasher.finish()
            let digest = layer.blob.digest ?? found
            try add(digest, size: size) { incoming in
                try incoming.restart()
                let reader = try layer.open(cancellation)
                while case let count = try reader.read(into: buffer), count > 0 {
                    try cancellation.check()
                    try incoming.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                }
            }
            return (digest, size, compression)
        }
    }

    /// Writes an image with all that it needs to a new OCI archive.
    package func export(_ text: String, to path: String) async throws {
        try await shared {
            let start = try start(text)
            try NewArchive.write(to: path) { tar in
                var entry = start
                entry.annotations?["org.opencontainers.image.ref.name"] = try ImageName(name(text)).tag
                let index = ImageSpec.Index {
                    $0.schemaVersion = 2
                    $0.manifests = [entry]
                }
                try tar.add("oci-layout", Array("{\"imageLayoutVersion\": \"1.0.0\"}".utf8))
                try tar.add("index.json", JSONCoding.text(index.json))
                let files = try FolderFiles(self.path)
                for digest in try blobs(of: [start]).sorted(by: { $0.description < $1.description }) {
                    // Of an index for many platforms not all are here.
                    guard let stored = try files.find(OCILayout.path(of: digest)) else { continue }
                    try tar.add(OCILayout.path(of: digest), stored.file, size: stored.range.count)
                }
            }
        }
    }
}
