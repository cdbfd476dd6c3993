internal import OCIConfig

/// One image for one platform, ready to be unpacked: every stream knows what it must come to.
struct ImageContents: Sendable {
    /// For messages.
    let name: String
    let image: ImageSpec.Image
    /// The lowest first.
    let layers: [TarStream]
    /// Of all layers as they are stored.
    let size: Int
    /// The configuration and, if there is one, the manifest, as they are stored.
    var documents: [[UInt8]]
    var manifest: ImageSpec.Descriptor?

    /// - Parameter blobs: one for each layer, as the manifest or the archive has them.
    init(
        name: String, config: [UInt8], blobs: [(file: StoredFile, digest: Digest?)], wanted: PlatformChoice,
        progress: Progress?
    ) throws {
        self.name = name
        documents = [config]
        image = try Self.parse(config, name)
        try wanted.check(image, name)
        let ids = try (image.rootfs?.diffIDs ?? []).map { try Digest($0) }
        if ids.count != blobs.count {
            throw BundleError(
                .badImage, "\(name) has \(blobs.count) layers, but its configuration has \(ids.count) diff_ids")
        }
        layers = zip(blobs, ids).enumerated().map { number, layer in
            let (stored, id) = layer
            return TarStream(
                name: "layer \(number + 1) of \(blobs.count) of \(name)",
                open: { try FileReader(stored.file.file, range: stored.file.range, progress: progress, $0) },
                blob: (stored.digest, stored.digest == nil ? nil : stored.file.range.count), diffID: id)
        }
        size = blobs.reduce(0) { $0 + $1.file.range.count }
    }

    static func parse(_ config: [UInt8], _ name: String) throws -> ImageSpec.Image {
        do {
            return try JSONCoding.decode(ImageSpec.Image.self, from: config)
        } catch {
            throw BundleError(.badImage, "\(name) has an unusable configuration", cause: error)
        }
    }
}

/// The platform that is wanted: said by the user, or this machine's.
package struct PlatformChoice: Hashable, Sendable {
    let platform: ImagePlatform
    /// A default does not refuse an image that names no platform in its index.
    let isExplicit: Bool

    package init(_ explicit: ImagePlatform?) {
        platform = explicit ?? .host
        isExplicit = explicit != nil
    }

    /// An image that was chosen without its platform being known.
    func check(_ image: ImageSpec.Image, _ name: String) throws {
        guard isExplicit, let os = image.os, let architecture = image.architecture else { return }
        let found = ImagePlatform(os: os, architecture: architecture, variant: image.variant)
        if !platform.accepts(found) {
            throw BundleError(.notFound, "\(name) has nothing for \(platform); it has: \(found)")
        }
    }
}
