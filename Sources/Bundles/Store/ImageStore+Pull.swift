internal import LinuxSystem
internal import OCIConfig

extension ImageStore {
    /// Fetches an image for one platform from its registry, several blobs at a time. Blobs that are here are not
    /// fetched again, and a blob that broke off goes on where it did.
    /// - Returns: the manifest's digest, and how many bytes the layers have.
    @discardableResult
    package func pull(
        _ name: ImageName, platform: ImagePlatform? = nil, options: RegistryOptions = RegistryOptions(),
        progress: Progress? = nil
    ) async throws -> Digest {
        try await Cancellation.scope { cancellation in
            try await pull(name, PlatformChoice(platform), options, progress, cancellation)
        }
    }

    func pull(
        _ name: ImageName, _ wanted: PlatformChoice, _ options: RegistryOptions, _ progress: Progress?,
        _ cancellation: Cancellation
    ) async throws -> Digest {
        let client = RegistryClient(name, options, cancellation)
        progress?.begin("asking for \(name)")
        return try await shared {
            let start = try await start(name, client)
            let reader = ManifestReader(
                read: { try await self.document($0, client) }, name: name.description, wanted: wanted)
            let found = try await reader.manifest(start)
            let config = try await reader.document(found.config)
            try wanted.check(try ImageContents.parse(config, name.description), name.description)
            progress?.begin("pulling \(name)", total: found.layers.reduce(0) { $0 + Int($1.size ?? 0) })
            try await fetch(found.layers, client, progress)
            try setName(name.description, found.descriptor)
            return try ManifestReader.digest(of: found.descriptor, name.description)
        }
    }

    /// The manifest or index that the name means, as a descriptor of what came.
    private func start(_ name: ImageName, _ client: RegistryClient) async throws -> ImageSpec.Descriptor {
        // What a digest names cannot have changed since.
        if let digest = name.digest, has(digest) {
            return ImageSpec.Descriptor { $0.digest = digest.description }
        }
        let (bytes, type) = try await onThread("pull") {
            try client.manifest(name.digest?.description ?? name.tag ?? "latest")
        }
        let digest = Digest.of(bytes, name.digest?.algorithm ?? .sha256)
        if let wanted = name.digest, wanted != digest {
            throw BundleError(.badImage, "\(name.registry) gave something else for \(name): its digest is \(digest)")
        }
        try add(digest, size: bytes.count) { incoming in
            try incoming.restart()
            try bytes.withUnsafeBytes { try incoming.write($0) }
        }
        return ImageSpec.Descriptor {
            $0.digest = digest.description
            $0.size = Int64(bytes.count)
            let known = ManifestReader.manifestTypes.union(ManifestReader.indexTypes)
            $0.mediaType = type.flatMap { known.contains($0) ? $0 : nil }
        }
    }

    /// Manifests further down come by the manifest's address, configurations by the blob's.
    private func document(_ descriptor: ImageSpec.Descriptor, _ client: RegistryClient) async throws -> [UInt8] {
        let digest = try ManifestReader.digest(of: descriptor, path)
        if !has(digest) {
            try await onThread("pull") {
                if let type = descriptor.mediaType,
                    ManifestReader.manifestTypes.union(ManifestReader.indexTypes).contains(type)
                {
                    let bytes = try client.manifest(digest.description).bytes
                    try add(digest, size: descriptor.size.map { Int($0) }) { incoming in
                        try incoming.restart()
                        try bytes.withUnsafeBytes { try incoming.write($0) }
                    }
                } else {
                    try fetch(descriptor, client, nil)
                }
            }
        }
        return try FolderFiles(path).document(OCILayout.path(of: digest))
    }

    private static let parallelBlobs = 4

    private func fetch(_ blobs: [ImageSpec.Descriptor], _ client: RegistryClient, _ progress: Progress?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, blob) in blobs.enumerated() {
                if number >= Self.parallelBlobs { try await group.next() }
                group.addTask { try await onThread("pull") { try fetch(blob, client, progress) } }
            }
            try await group.waitForAll()
        }
    }

    private func fetch(_ blob: ImageSpec.Descriptor, _ client: RegistryClient, _ progress: Progress?) throws {
        let digest = try ManifestReader.digest(of: blob, path)
        let size = blob.size.map { Int($0) }
        if has(digest) { progress?.advance(by: size ?? 0) }
        try add(digest, size: size) { incoming in
            progress?.advance(by: incoming.count)
            try client.blob(
                digest, from: { incoming.count },
                restart: {
                    progress?.advance(by: -incoming.count)
                    try incoming.restart()
                },
                body: { piece in
                    if let size, incoming.count + piece.count > size {
                        throw BundleError(.badImage, "the registry sends more than the \(size) bytes of \(digest)")
                    }
                    try incoming.write(piece)
                    progress?.advance(by: piece.count)
                })
        }
    }
}
