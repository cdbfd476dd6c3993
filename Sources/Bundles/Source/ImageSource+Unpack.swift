internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// What is needed to unpack any source.
struct UnpackJob: Sendable {
    let rootfs: Descriptor
    /// A folder on the same file system.
    let scratch: String
    let platform: PlatformChoice
    let registry: RegistryOptions
    /// Where pulled images are kept.
    let store: String
    let limits: UnpackLimits
    /// In a user namespace.
    var owners: RecordedOwners?
    let progress: Progress?
    let cancellation: Cancellation
}

extension ImageSource {
    /// Fills the empty folder `rootfs` with what the source holds.
    /// - Returns: the image, if it is one.
    func unpack(_ job: UnpackJob) async throws -> ImageContents? {
        switch self {
        case .tar(let path):
            try await TarUnpacker(limits: job.limits, cancellation: job.cancellation, owners: job.owners)
                .unpack(try TarFile.stream(path, progress: job.progress), into: job.rootfs)
            return nil
        case .directory(let path):
            job.progress?.begin("copying \(path)")
            try await TreeCopy.copy(
                try Self.openFolder(path), to: job.rootfs, progress: job.progress, job.cancellation, owners: job.owners)
            return nil
        case .dockerArchive, .ociArchive, .ociLayout, .registry, .stored:
            let contents = try await contents(job)
            try await contents?.unpack(job)
            return contents
        }
    }

    /// The image that the source is, found and read but for its layers; `nil` if it is none.
    func contents(_ job: UnpackJob) async throws -> ImageContents? {
        switch self {
        case .tar, .directory: return nil
        case .dockerArchive(let path, let reference):
            return try DockerArchive(files: await archive(path, job))
                .image(reference, job.platform, progress: job.progress)
        case .ociArchive(let path, let reference):
            return try await OCILayout(files: await archive(path, job))
                .image(reference, job.platform, progress: job.progress)
        case .ociLayout(let path, let reference):
            return try await OCILayout(files: try FolderFiles(path))
                .image(reference, job.platform, progress: job.progress)
        case .registry(let name):
            let store = try ImageStore(job.store)
            let digest = try await store.pull(name, job.platform, job.registry, job.progress, job.cancellation)
            return try await store.layout.image(
                "@\(digest)", job.platform, name: name.description, progress: job.progress)
        case .stored(let name):
            return try await ImageStore(job.store).image(name, job.platform, progress: job.progress)
        }
    }

    private func archive(_ path: String, _ job: UnpackJob) async throws -> ArchiveFiles {
        job.progress?.begin("reading \(path)")
        return try await onThread("index") {
            try ArchiveFiles(path, scratch: job.scratch, progress: job.progress, job.cancellation)
        }
    }

    private static func openFolder(_ path: String) throws -> Descriptor {
        do {
            return try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw BundleError(error.isMissing ? .notFound : .system, "cannot read the rootfs \(path)", cause: error)
        }
    }
}

extension ImageContents {
    /// Applies the layers in order.
    func unpack(_ job: UnpackJob) async throws {
        job.progress?.begin("unpacking \(name)", total: size)
        try await TarUnpacker(limits: job.limits, cancellation: job.cancellation, owners: job.owners)
            .unpack(layers: layers, into: job.rootfs)
    }
}
