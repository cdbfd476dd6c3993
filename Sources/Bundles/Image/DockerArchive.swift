internal import OCIConfig

/// What `docker save` writes: `manifest.json` names the configuration and the layers of each image. The classic layout
/// has a folder for each layer, later ones (25 and up) an OCI layout beside it.
struct DockerArchive {
    let files: any ImageFiles

    private struct Entry: Decodable {
        var config: String
        var repoTags: [String]?
        var layers: [String]

        enum CodingKeys: String, CodingKey {
            case config = "Config", repoTags = "RepoTags", layers = "Layers"
        }

        var names: String { repoTags.flatMap { $0.isEmpty ? nil : $0.joined(separator: ", ") } ?? "one without a name" }
    }

    /// - Parameter reference: an image's name as `docker` takes it.
    func image(_ reference: String?, _ wanted: PlatformChoice, progress: Progress?) throws -> ImageContents {
        let entry = try choose(entries(), reference, wanted)
        let name = files.name + (reference.map { ":\($0)" } ?? "")
        let config = try config(of: entry)
        var blobs: [(file: StoredFile, digest: Digest?)] = []
        for layer in entry.layers {
            guard let stored = try files.find(layer) else {
                throw BundleError(.badImage, "\(name) lacks its layer \(layer)")
            }
            // In later archives the path tells the digest; in classic ones only the diff_id holds.
            blobs.append((stored, try digest(in: layer)))
        }
        return try ImageContents(name: name, config: config, blobs: blobs, wanted: wanted, progress: progress)
    }

    private func entries() throws -> [Entry] {
        guard let text = try files.documentIfPresent("manifest.json") else {
            throw BundleError(.badImage, "\(files.name) is no docker archive: it has no manifest.json")
        }
        do {
            return try JSONCoding.decode([Entry].self, from: text)
        } catch {
            throw BundleError(
                .badImage, "\(files.name) is no docker archive: its manifest.json is unusable", cause: error)
        }
    }

    private func choose(_ entries: [Entry], _ reference: String?, _ wanted: PlatformChoice) throws -> Entry {
        func list(_ entries: [Entry]) -> String { entries.map(\.names).joined(separator: "; ") }
        if entries.isEmpty { throw BundleError(.notFound, "\(files.name) holds no image") }
        var candidates = entries
        if let reference {
            let name = try ImageName(reference)
            candidates = entries.filter { ($0.repoTags ?? []).contains { (try? ImageName($0)) == name } }
            if candidates.isEmpty {
                throw BundleError(.notFound, "\(files.name) has no image '\(reference)'; it has: \(list(entries))")
            }
        }
        if candidates.count == 1 { return candidates[0] }
        let matching = try candidates.filter { entry in
            let image = try ImageContents.parse(config(of: entry), files.name)
            guard let os = image.os, let architecture = image.architecture else { return false }
            return wanted.platform.accepts(ImagePlatform(os: os, architecture: architecture, variant: image.variant))
        }
        if matching.count == 1 { return matching[0] }
        throw BundleError(
            .notFound,
            matching.isEmpty
                ? "\(files.name) has nothing for \(wanted.platform); it has: \(list(candidates))"
                : "\(files.name) holds several images; say which: \(list(candidates))")
    }

    /// The configuration, held against the digest that its name is.
    private func config(of entry: Entry) throws -> [UInt8] {
        let bytes = try files.document(entry.config)
        if let digest = try digest(in: entry.config), Digest.of(bytes) != digest {
            throw BundleError(.badImage, "\(entry.config) of \(files.name) was altered")
        }
        return bytes
    }

    /// `blobs/sha256/HEX` or `HEX.json`.
    private func digest(in path: String) throws -> Digest? {
        let isBlob = path.hasPrefix("blobs/sha256/")
        guard isBlob || path.hasSuffix(".json"), let last = path.split(separator: "/").last else { return nil }
        let hex = last.hasSuffix(".json") ? last.dropLast(".json".count) : last
        return isBlob ? try Digest("sha256:\(hex)") : try? Digest("sha256:\(hex)")
    }
}
