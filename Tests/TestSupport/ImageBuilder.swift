import Glibc
import LinuxSystem
package import OCIConfig

/// Builds OCI image layouts in folders, right or deliberately wrong.
package final class ImageBuilder {
    package let folder: TemporaryFolder
    package let path: String
    package var manifests: [JSONValue] = []

    package init() async throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/image"
        try await Tool.shell("mkdir -p image/blobs/sha256", in: folder.path)
    }

    /// Stores a blob under its digest and returns its descriptor.
    package func blob(_ bytes: [UInt8], type: String) async throws -> [String: JSONValue] {
        try folder.write(bytes, to: "blob")
        let sum = try await Tool.shell("sha256sum <blob | cut -c1-64 | tr -d '\\n'", in: folder.path)
        try await Tool.shell("mv blob image/blobs/sha256/\(sum)", in: folder.path)
        return ["mediaType": .string(type), "digest": .string("sha256:\(sum)"), "size": JSONValue(bytes.count)]
    }

    package static let layerType = "application/vnd.oci.image.layer.v1.tar"
    package static let configType = "application/vnd.oci.image.config.v1+json"
    package static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    package static let indexType = "application/vnd.oci.image.index.v1+json"

    /// Stores an image of uncompressed layers and returns its manifest's descriptor.
    /// - Parameters:
    ///   - config: more members of the configuration's `config`.
    ///   - change: is given the configuration and the manifest before they are stored.
    package func image(
        _ layers: [[UInt8]], platform: String = "linux/amd64", config: [String: JSONValue] = [:],
        change: (inout [String: JSONValue], inout [String: JSONValue]) -> Void = { _, _ in }
    ) async throws -> [String: JSONValue] {
        var descriptors: [JSONValue] = []
        for layer in layers { descriptors.append(.object(try await blob(layer, type: Self.layerType))) }
        let parts = platform.split(separator: "/").map(String.init)
        var image: [String: JSONValue] = [
            "os": .string(parts[0]), "architecture": .string(parts[1]), "config": .object(config),
            "rootfs": .object([
                "type": "layers", "diff_ids": .array(descriptors.map { $0.members?["digest"] ?? .null }),
            ]),
        ]
        var manifest: [String: JSONValue] = [
            "schemaVersion": 2, "mediaType": .string(Self.manifestType), "layers": .array(descriptors),
        ]
        change(&image, &manifest)
        let stored = try await blob(JSONCoding.text(.object(image)), type: Self.configType)
        if manifest["config"] == nil { manifest["config"] = .object(stored) }
        return try await blob(JSONCoding.text(.object(manifest)), type: Self.manifestType)
    }

    /// Lists a manifest or index in `index.json`.
    package func list(_ descriptor: [String: JSONValue], tag: String? = nil, platform: String? = nil) {
        manifests.append(Self.entry(descriptor, tag: tag, platform: platform))
    }

    package static func entry(
        _ descriptor: [String: JSONValue], tag: String? = nil, platform: String? = nil
    ) -> JSONValue {
        var entry = descriptor
        if let tag { entry["annotations"] = ["org.opencontainers.image.ref.name": .string(tag)] }
        if let parts = platform?.split(separator: "/").map(String.init) {
            var object: [String: JSONValue] = ["os": .string(parts[0]), "architecture": .string(parts[1])]
            if parts.count == 3 { object["variant"] = .string(parts[2]) }
            entry["platform"] = .object(object)
        }
        return .object(entry)
    }

    /// Stores an index and returns its descriptor.
    package func index(_ entries: [JSONValue]) async throws -> [String: JSONValue] {
        try await blob(
            JSONCoding.text([
                "schemaVersion": 2, "mediaType": .string(Self.indexType), "manifests": .array(entries),
            ]), type: Self.indexType)
    }

    /// Writes `oci-layout` and `index.json`.
    package func finish() throws {
        try folder.write(Array("{\"imageLayoutVersion\": \"1.0.0\"}".utf8), to: "image/oci-layout")
        let index: JSONValue = ["schemaVersion": 2, "manifests": .array(manifests)]
        try folder.write(JSONCoding.text(index), to: "image/index.json")
    }
}
