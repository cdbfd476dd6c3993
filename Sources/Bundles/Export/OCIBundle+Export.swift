internal import Glibc
internal import LinuxSystem
internal import OCIConfig

extension OCIBundle {
    /// Where `create` notes, on the bundle's folder, which image it came from. A clone has it too.
    private static let sourceAttribute = FileName("user.bundletool.source")

    /// Notes the image that a bundle is made from. Best effort: not every file system keeps such notes.
    static func note(_ source: ImageSource, _ platform: PlatformChoice, on work: Descriptor) {
        try? work.setAttribute(sourceAttribute, Array("\(platform.platform) \(source.absolute)".utf8))
    }

    private func notedSource() throws -> (source: ImageSource, platform: ImagePlatform)? {
        guard let value = try open().attributes().first(where: { $0.name == Self.sourceAttribute })?.value else {
            return nil
        }
        let parts = String(decoding: value, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        return (try ImageSource(parts[1]), try ImagePlatform(parts[0]))
    }

    /// Writes the bundle as an image: the one that it came from, and a layer of what has changed since.
    ///
    /// The base is unpacked once more to compare with. Two exports of the same trees are the same bytes when
    /// `SOURCE_DATE_EPOCH` is set: no later time is written then.
    /// - Parameters:
    ///   - owners: in the user namespace that the bundle was made in: what is recorded of owners is put back.
    ///   - base: the image that it came from, where it was not noted or has moved; a bundle that came from no image
    ///     becomes one layer.
    package func export(
        to path: String, base: ImageSource? = nil, store: String = ImageStore.defaultPath,
        registry: RegistryOptions = RegistryOptions(), owners: RecordedOwners? = nil, progress: Progress? = nil
    ) async throws {
        let lock = try lock(exclusive: false)
        defer { withExtendedLifetime(lock) {} }
        let noted = try notedSource()
        let source = base ?? noted?.source
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        try await Cancellation.scope { cancellation in
            let scratch = try ScratchFolder(in: folder)
            let job = UnpackJob(
                rootfs: scratch.rootfs, scratch: folder, platform: PlatformChoice(noted?.platform), registry: registry,
                store: store, limits: UnpackLimits(), owners: owners, progress: progress, cancellation: cancellation)
            let image = try await source?.contents(job)
            try await image?.unpack(job)
            progress?.begin("comparing \(self.name)")
            try await onThread("export") {
                let layer = try LayerFile(Descriptor.openUnnamed(in: folder))
                try self.writeLayer(
                    layer, base: image == nil ? nil : scratch.rootfs, isRecorded: owners != nil, cancellation)
                try self.writeImage(image, layer, to: path, cancellation)
            }
            withExtendedLifetime(scratch) {}
        }
    }

    /// The latest time that may be written.
    private static var latestTime: Int? {
        getenv("SOURCE_DATE_EPOCH").flatMap { Int(String(cString: $0)) }
    }

    private func writeLayer(
        _ layer: LayerFile, base: Descriptor?, isRecorded: Bool, _ cancellation: Cancellation
    ) throws {
        let rootfs = try Descriptor.open(rootfsPath, O_RDONLY | O_DIRECTORY)
        let tar = TarWriter { try layer.write($0) }
        let latest = Self.latestTime
        let difference = TreeDifference(from: base, to: rootfs, isRecorded: isRecorded, cancellation) {
            entry, content in
            var entry = entry
            if let latest, entry.seconds >= latest { (entry.seconds, entry.nanoseconds) = (latest, 0) }
            if let content { try tar.add(entry, content: content) } else { try tar.add(entry) }
        }
        try difference.run()
        try tar.finish()
    }

    private func writeImage(
        _ base: ImageContents?, _ layer: LayerFile, to path: String, _ cancellation: Cancellation
    ) throws {
        let (diffID, digest, size) = try layer.finish()
        let config = try exportedConfig(base?.image, diffID)
        let stored = try (base?.layers ?? []).map { try StoredLayer($0, cancellation) }
        let added = ImageSpec.Descriptor {
            $0.mediaType = "application/vnd.oci.image.layer.v1.tar+gzip"
            $0.digest = digest.description
            $0.size = Int64(size)
        }
        let (manifest, descriptor) = try ImageStore.manifest(config: config, layers: stored.map(\.descriptor) + [added])
        var entry = descriptor
        entry.annotations = ["org.opencontainers.image.ref.name": "latest"]
        let index = ImageSpec.Index {
            $0.schemaVersion = 2
            $0.manifests = [entry]
        }
        try NewArchive.write(to: path) { tar in
            try tar.add("oci-layout", Array("{\"imageLayoutVersion\": \"1.0.0\"}".utf8))
            try tar.add("index.json", JSONCoding.text(index.json))
            try tar.add(OCILayout.path(of: Digest.of(manifest)), manifest)
            try tar.add(OCILayout.path(of: Digest.of(config)), config)
            var written: Set<Digest> = [digest]
            try tar.add(OCILayout.path(of: digest), layer.file, size: size)
            for layer in stored where written.insert(layer.digest).inserted { try layer.write(to: tar, cancellation) }
        }
    }

    /// The base's configuration with one layer more; without a base what the bundle's says.
    private func exportedConfig(_ base: ImageSpec.Image?, _ diffID: Digest) throws -> [UInt8] {
        let created = Self.latestTime.map(Self.timestamp) ?? Self.timestamp(time(nil))
        var image = base ?? ImageSpec.Image()
        if base == nil {
            let host = ImagePlatform.host
            (image.os, image.architecture, image.variant) = (host.os, host.architecture, host.variant)
            let process = try RuntimeSpec(parsing: readConfig()).process
            image.config = ImageSpec.Config {
                $0.cmd = process?.args
                $0.env = process?.env
                $0.workingDir = process?.cwd
            }
        }
        image.created = created
        var rootfs = image.rootfs ?? ImageSpec.RootFS()
        rootfs.type = "layers"
        rootfs.diffIDs = (rootfs.diffIDs ?? []) + [diffID.description]
        image.rootfs = rootfs
        if base == nil || image.history != nil {
            let step = ImageSpec.History {
                $0.created = created
                $0.createdBy = "bundletool export"
            }
            image.history = (image.history ?? []) + [step]
        }
        return JSONCoding.text(image.json)
    }

    /// RFC 3339.
    static func timestamp(_ seconds: Int) -> String {
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}

/// A layer of the base as it goes into the new archive: the bytes that it has.
private struct StoredLayer {
    let digest: Digest
    let size: Int
    let descriptor: ImageSpec.Descriptor
    private let stream: TarStream

    init(_ stream: TarStream, _ cancellation: Cancellation) throws {
        self.stream = stream
        let reader = PeekingReader(try stream.open(cancellation))
        let compression = Compression(magic: try reader.peek(Compression.magicLength))
        let hasher = DigestHasher(.sha256)
        try Self.read(reader, cancellation) { hasher.update($0) }
        let size = hasher.count
        let digest = hasher.finish()
        (self.size, self.digest) = (size, digest)
        descriptor = ImageSpec.Descriptor {
            $0.mediaType =
                "application/vnd.oci.image.layer.v1.tar" + (compression == .none ? "" : "+\(compression.rawValue)")
            $0.digest = digest.description
            $0.size = Int64(size)
        }
    }

    func write(to tar: TarWriter, _ cancellation: Cancellation) throws {
        var entry = TarEntry()
        entry.path = Array(OCILayout.path(of: digest).utf8)
        entry.mode = 0o644
        entry.size = size
        try tar.add(entry)
        try Self.read(stream.open(cancellation), cancellation) { try tar.data($0) }
        try tar.pad(size)
    }

    private static func read(
        _ reader: any ByteReader, _ cancellation: Cancellation, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while case let count = try reader.read(into: buffer), count > 0 {
            try cancellation.check()
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// An empty rootfs to compare with, removed with its last reference; one that a killed process left goes with the next
/// `create` beside it.
final class ScratchFolder: Sendable {
    private let parent: Descriptor
    private let name: FileName
    private let folder: Descriptor
    let rootfs: Descriptor

    init(in path: String) throws {
        if geteuid() != 0 {
            throw BundleError(.notPermitted, "exporting a bundle needs root, to read and compare all of its files")
        }
        do {
            parent = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            name = FileName(".bundletool-" + String(UInt64.random(in: 0 ... .max), radix: 36))
            try parent.makeDirectory(name, mode: 0o700)
            folder = try parent.open(name, O_RDONLY | O_DIRECTORY)
            _ = try folder.tryLock()
            try folder.makeDirectory(FileName("rootfs"), mode: 0o755)
            rootfs = try folder.open(FileName("rootfs"), O_RDONLY | O_DIRECTORY)
            try rootfs.setTimes(access: nil, modification: .epoch)
        } catch {
            throw BundleError(.system, "cannot work in \(path)", cause: error)
        }
    }

    deinit { try? parent.removeTree(name) }
}
