internal import OCIConfig

/// Finds an image's manifest by way of indexes, and reads it: each document is held against the digest and the size
/// that led to it, and is what its media type says (CVE-2021-41190).
struct ManifestReader {
    /// Where documents come from.
    let read: (ImageSpec.Descriptor) async throws -> [UInt8]
    /// For messages.
    let name: String
    let wanted: PlatformChoice

    static let indexTypes: Set = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    static let manifestTypes: Set = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    private static let deepestIndex = 8

    struct Found {
        let descriptor: ImageSpec.Descriptor
        let manifest: ImageSpec.Manifest
        let config: ImageSpec.Descriptor
        let layers: [ImageSpec.Descriptor]
    }

    func manifest(_ start: ImageSpec.Descriptor) async throws -> Found {
        var descriptor = start
        for _ in 0...Self.deepestIndex {
            let bytes = try await document(descriptor)
            let value = try parse(bytes, descriptor)
            let type = try Self.type(of: value, descriptor, name)
            if Self.manifestTypes.contains(type) {
                return try found(JSONCoding.decode(ImageSpec.Manifest.self, from: value), descriptor)
            }
            let index = try JSONCoding.decode(ImageSpec.Index.self, from: value)
            descriptor = try choose(index.manifests ?? [])
        }
        throw BundleError(.badImage, "\(name) has indexes within indexes, over \(Self.deepestIndex) deep")
    }

    /// The document that a descriptor names, verified.
    func document(_ descriptor: ImageSpec.Descriptor) async throws -> [UInt8] {
        let digest = try Self.digest(of: descriptor, name)
        let bytes = try await read(descriptor)
        if let size = descriptor.size, size != Int64(bytes.count) {
            throw BundleError(.badImage, "\(digest) of \(name) has \(bytes.count) bytes, not \(size)")
        }
        let found = Digest.of(bytes, digest.algorithm)
        if found != digest {
            throw BundleError(.badImage, "a document of \(name) was altered: its digest is \(found), not \(digest)")
        }
        return bytes
    }

    static func digest(of descriptor: ImageSpec.Descriptor, _ name: String) throws -> Digest {
        guard let text = descriptor.digest else {
            throw BundleError(.badImage, "a descriptor of \(name) has no digest")
        }
        if let size = descriptor.size, size < 0 {
            throw BundleError(.badImage, "\(text) of \(name) has a negative size")
        }
        return try Digest(text)
    }

    private func parse(_ bytes: [UInt8], _ descriptor: ImageSpec.Descriptor) throws -> JSONValue {
        do {
            return try JSONCoding.parse(bytes)
        } catch {
            throw BundleError(.badImage, "\(descriptor.digest ?? "") of \(name) is no JSON", cause: error)
        }
    }

    /// Manifest or index, where everything that tells agrees.
    static func type(of value: JSONValue, _ descriptor: ImageSpec.Descriptor?, _ name: String) throws -> String {
        let members = value.members ?? [:]
        let own = members["mediaType"]?.text
        let told = descriptor?.mediaType
        if let own, let told, own != told {
            throw BundleError(.badImage, "a document of \(name) says that it is \(own), what led to it says \(told)")
        }
        if members["manifests"] != nil, members["layers"] != nil || members["config"] != nil {
            throw BundleError(.badImage, "a document of \(name) is both an index and a manifest")
        }
        let type = own ?? told ?? (members["manifests"] != nil ? indexTypes.first! : manifestTypes.first!)
        let isIndex = indexTypes.contains(type)
        if !isIndex, !manifestTypes.contains(type) {
            throw BundleError(.badImage, "\(name) has a document of the type \(type), which is no image's")
        }
        if isIndex ? members["manifests"]?.elements == nil : members["layers"]?.elements == nil {
            throw BundleError(.badImage, "a document of \(name) is not the \(type) that it should be")
        }
        return type
    }

    private func found(_ manifest: ImageSpec.Manifest, _ descriptor: ImageSpec.Descriptor) throws -> Found {
        guard let config = manifest.config else { throw BundleError(.badImage, "\(name) has no configuration") }
        let configs: Set = [
            "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
        ]
        if let type = config.mediaType, !configs.contains(type) {
            throw BundleError(.badImage, "\(name) is no container image but an artifact (\(type))")
        }
        let layers = manifest.layers ?? []
        for layer in layers {
            _ = try Self.digest(of: layer, name)
            let type = layer.mediaType ?? ""
            let isLayer =
                type.hasPrefix("application/vnd.oci.image.layer.")
                || type.hasPrefix("application/vnd.docker.image.rootfs.")
            if !isLayer { throw BundleError(.badImage, "\(name) has a layer of the unknown type '\(type)'") }
        }
        return Found(descriptor: descriptor, manifest: manifest, config: config, layers: layers)
    }

    /// The one of an index's entries that is wanted.
    func choose(_ manifests: [ImageSpec.Descriptor], severalRefused: Bool = false) throws -> ImageSpec.Descriptor {
        // Attestations are listed as images for a platform "unknown".
        let images = manifests.filter { $0.platform?.os != "unknown" }
        let known = images.compactMap { entry in
            entry.platform.flatMap(ImagePlatform.init).map { (entry: entry, platform: $0) }
        }
        func list() -> String {
            let names = images.map { entry in
                let reference = entry.annotations?["org.opencontainers.image.ref.name"]
                let platform = entry.platform.flatMap(ImagePlatform.init)?.description
                return [reference, platform].compactMap(\.self).joined(separator: " ")
            }
            return names.map { $0.isEmpty ? "one without a name" : $0 }.joined(separator: ", ")
        }
        if known.isEmpty {
            if images.count == 1 { return images[0] }
            throw BundleError(
                .notFound,
                images.isEmpty ? "\(name) holds no image" : "\(name) holds several images; say which: \(list())")
        }
        let matching = known.filter { wanted.platform.accepts($0.platform) }
        let distinct = Set(matching.map { $0.entry.digest ?? "" })
        if matching.isEmpty {
            throw BundleError(.notFound, "\(name) has nothing for \(wanted.platform); it has: \(list())")
        }
        if severalRefused, distinct.count > 1 {
            throw BundleError(.notFound, "\(name) holds several images; say which: \(list())")
        }
        // Without a variant, the one that every such machine runs.
        return (matching.first { $0.platform.variant == wanted.platform.variant } ?? matching[0]).entry
    }
}
