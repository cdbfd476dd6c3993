internal import OCIConfig

/// An OCI image layout (image-spec image-layout.md), in a folder or an archive.
struct OCILayout: Sendable {
    let files: any ImageFiles

    /// - Parameters:
    ///   - reference: a tag, or `@DIGEST`; without one the layout must leave no choice.
    ///   - name: for messages; by default what the user wrote.
    func image(
        _ reference: String?, _ wanted: PlatformChoice, name: String? = nil, progress: Progress?
    ) async throws -> ImageContents {
        let name = name ?? files.name + (reference.map { $0.hasPrefix("@") ? $0 : ":\($0)" } ?? "")
        let reader = reader(name, wanted)
        let found = try await reader.manifest(start(reference, reader))
        var blobs: [(file: StoredFile, digest: Digest?)] = []
        for layer in found.layers {
            let digest = try ManifestReader.digest(of: layer, name)
            guard let stored = try files.find(Self.path(of: digest)) else {
                throw BundleError(.badImage, "\(name) lacks its layer \(digest)")
            }
            if let size = layer.size, size != Int64(stored.range.count) {
                throw BundleError(
                    .badImage,
                    "the layer \(digest) of \(name) has \(stored.range.count) bytes; its manifest says \(size)")
            }
            blobs.append((stored, digest))
        }
        var image = try ImageContents(
            name: name, config: await reader.document(found.config), blobs: blobs, wanted: wanted, progress: progress)
        image.documents.append(try await reader.document(found.descriptor))
        image.manifest = found.descriptor
        return image
    }

    func reader(_ name: String, _ wanted: PlatformChoice) -> ManifestReader {
        ManifestReader(
            read: { [files] in try files.document(Self.path(of: ManifestReader.digest(of: $0, name))) }, name: name,
            wanted: wanted)
    }

    static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

    private func start(_ reference: String?, _ reader: ManifestReader) throws -> ImageSpec.Descriptor {
        let index = try index()
        let all = index.manifests ?? []
        guard let reference else { return try reader.choose(all, severalRefused: true) }
        if reference.hasPrefix("@") {
            let digest = try Digest(String(reference.dropFirst()))
            return all.first { $0.digest == digest.description }
                ?? ImageSpec.Descriptor { $0.digest = digest.description }
        }
        let tagged = all.filter { Self.names(of: $0).contains(reference) }
        if tagged.isEmpty {
            let tags = all.flatMap { Self.names(of: $0).prefix(1) }
            throw BundleError(
                .notFound,
                "\(files.name) has no image '\(reference)'; it has: \(tags.isEmpty ? "none with a name" : tags.joined(separator: ", "))"
            )
        }
        if tagged.count == 1 { return tagged[0] }
        return try reader.choose(tagged)
    }

    /// image-spec's annotation, and containerd's with the name in full.
    private static func names(of descriptor: ImageSpec.Descriptor) -> [String] {
        ["org.opencontainers.image.ref.name", "io.containerd.image.name"].compactMap { descriptor.annotations?[$0] }
    }

    func index() throws -> ImageSpec.Index {
        let layout = try files.documentIfPresent("oci-layout")
        guard let layout else {
            throw BundleError(.badImage, "\(files.name) is no OCI image layout: it has no file oci-layout")
        }
        do {
            let version = try JSONCoding.decode(ImageSpec.Layout.self, from: layout).imageLayoutVersion
            guard version?.hasPrefix("1.") == true else {
                throw BundleError(.unsupported, "\(files.name) is an OCI image layout of another version")
            }
            let value = try JSONCoding.parse(try files.document("index.json"))
            if try ManifestReader.type(of: value, nil, files.name) == ManifestReader.manifestTypes.first! {
                throw BundleError(.badImage, "index.json of \(files.name) is no index")
            }
            return try JSONCoding.decode(ImageSpec.Index.self, from: value)
        } catch let error as ConfigError {
            throw BundleError(.badImage, "\(files.name) is no OCI image layout", cause: error)
        }
    }
}
