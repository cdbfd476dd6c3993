import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

/// Mutated indexes, manifests and configurations whose digests are right, so that what reads them sees them: an error
/// or a bundle, never a crash, a hang or a write outside. `BUNDLETOOL_FUZZ` sets the number of rounds.
@Suite("Mutated manifests", .requiresRoot)
struct ManifestFuzzTests {
    private static var rounds: Int { getenv("BUNDLETOOL_FUZZ").flatMap { Int(String(cString: $0)) } ?? 150 }

    /// An image layout in memory: what a name leads to changes in every round.
    private final class MemoryFiles: ImageFiles {
        let name = "fuzz"
        let files: [String: [UInt8]]
        private let folder: TemporaryFolder

        init(_ files: [String: [UInt8]], _ folder: TemporaryFolder) {
            self.files = files
            self.folder = folder
        }

        func find(_ path: String) throws -> StoredFile? {
            guard let bytes = files[path] else { return nil }
            let file = try Descriptor.openUnnamed(in: folder.path)
            try file.write(all: bytes)
            return StoredFile(file: file, range: 0..<bytes.count)
        }
    }

    /// Values that have broken readers before.
    private static let odd: [JSONValue] = [
        .null, "", "../../../../etc/passwd", "sha256:../../x", "sha512:00", "md5:00", -1, 0, [], [[]], .object([:]),
        true,
        JSONValue(Int.max), "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        .string(String(repeating: "a", count: 5000)), .string("sha256:" + String(repeating: "0", count: 64)),
        .array((0..<200).map { JSONValue($0) }), "1:2:3", "+0", "-1", "4294967296", "\u{0}", "unknown",
    ]

    private static func mutated(_ value: JSONValue, _ random: inout SplitMix, depth: Int = 0) -> JSONValue {
        if Int.random(in: 0..<4, using: &random) == 0 || depth > 6 { return odd.randomElement(using: &random)! }
        switch value {
        case .object(var members):
            guard let key = members.keys.sorted().randomElement(using: &random) else { return value }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: members[key] = nil
            case 1: members["layers"] = members["layers"] ?? members[key]
            case 2: members["manifests"] = members[key]
            default: members[key] = mutated(members[key]!, &random, depth: depth + 1)
            }
            return .object(members)
        case .array(var elements):
            guard let index = elements.indices.randomElement(using: &random) else { return value }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: elements.remove(at: index)
            case 1: elements.append(elements[index])
            default: elements[index] = mutated(elements[index], &random, depth: depth + 1)
            }
            return .array(elements)
        default: return odd.randomElement(using: &random)!
        }
    }

    @Test("any index, manifest or configuration")
    func documents() async throws {
        var random = SplitMix(state: 3)
        let folder = try TemporaryFolder()
        try folder.write(Array("canary".utf8), to: "canary", mode: 0o600)
        _ = try folder.makeFolder("scratch")
        let layer = TarBuilder.archive([
            .init("etc/passwd", "0", "web:x:33:44::/:/bin/sh\n"), .init("etc/group", "0", "web:x:44:\n"),
        ])
        let before = try await TreeListing.of(folder.path, times: false)
        var made = 0
        for _ in 0..<Self.rounds {
            let files = MemoryFiles(Self.layout(layer, &random), folder)
            let reference = ["x", nil, "@sha256:\(String(repeating: "0", count: 64))"].randomElement(using: &random)!
            do {
                let image = try await OCILayout(files: files).image(reference, PlatformChoice(nil), progress: nil)
                let root = try folder.makeFolder("rootfs")
                defer { try? folder.open().removeTree(FileName("rootfs")) }
                try await Cancellation.scope { cancellation in
                    try await image.unpack(
                        UnpackJob(
                            rootfs: root, scratch: folder.path, platform: PlatformChoice(nil),
                            registry: RegistryOptions(), store: "\(folder.path)/none", limits: UnpackLimits(),
                            progress: nil, cancellation: cancellation))
                }
                var spec = RuntimeSpec.default()
                let users = try ContainerUsers(rootfs: root)
                try image.image.edits(users: users).apply(to: &spec, users: users)
                _ = spec.encoded()
                made += 1
            } catch let error as BundleError {
                #expect([.badImage, .notFound, .refused, .unsupported, .badArchive].contains(error.code), "\(error)")
                #expect(!error.description.contains("\u{0}") || error.description.count < 20_000)
            } catch is ConfigError {
                // What a configuration says of users, for example.
            }
        }
        #expect(try await TreeListing.of(folder.path, times: false) == before)
        #expect(made > 0, "some of them are in order")
    }

    /// A layout with one or two of its documents changed; each is stored under the digest that it has then.
    private static func layout(_ layer: [UInt8], _ random: inout SplitMix) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = ["oci-layout": Array("{\"imageLayoutVersion\": \"1.0.0\"}".utf8)]
        let which = Set((0..<Int.random(in: 1...2, using: &random)).map { _ in Int.random(in: 0..<5, using: &random) })
        func store(_ bytes: [UInt8], _ type: String) -> JSONValue {
            let digest = Digest.of(bytes)
            files[OCILayout.path(of: digest)] = bytes
            return ["mediaType": .string(type), "digest": .string(digest.description), "size": JSONValue(bytes.count)]
        }
        func change(_ value: JSONValue, _ number: Int) -> [UInt8] {
            var bytes = JSONCoding.text(which.contains(number) ? mutated(value, &random) : value)
            if which.contains(4), number == 0, !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            return bytes
        }
        let stored = store(layer, ImageBuilder.layerType)
        let config = store(
            change(
                [
                    "os": "linux", "architecture": .string(ImagePlatform.host.architecture),
                    "config": [
                        "User": "web", "Env": ["A=1"], "Cmd": ["/x"], "WorkingDir": "/", "Labels": ["a": "b"],
                        "Volumes": ["/v": .object([:])], "ExposedPorts": ["80/tcp": .object([:])],
                    ],
                    "rootfs": ["type": "layers", "diff_ids": [.string(Digest.of(layer).description)]],
                    "history": [["created_by": "x"]],
                ], 0), ImageBuilder.configType)
        let manifest = store(
            change(
                [
                    "schemaVersion": 2, "mediaType": .string(ImageBuilder.manifestType), "config": config,
                    "layers": [stored], "annotations": ["a": "b"],
                ], 1), ImageBuilder.manifestType)
        let inner = store(
            change(
                [
                    "schemaVersion": 2, "mediaType": .string(ImageBuilder.indexType),
                    "manifests": [
                        ImageBuilder.entry(manifest.members ?? [:], platform: ImagePlatform.host.description),
                        ImageBuilder.entry(manifest.members ?? [:], platform: "linux/s390x"),
                    ],
                ], 2), ImageBuilder.indexType)
        files["index.json"] = change(
            ["schemaVersion": 2, "manifests": [ImageBuilder.entry(inner.members ?? [:], tag: "x")]], 3)
        return files
    }
}
