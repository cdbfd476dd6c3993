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
    let progress: Progress?
    let cancellation: Cancellation
}

extension ImageSource {
    /// Fills the empty folder `rootfs` with what the source holds.
    /// - Returns: the image's configuration, if it is an image.
    func unpack(_ job: UnpackJob) async throws -> ImageSpec.Image? {
        switch self {
        case .tar(let path):
            try await TarUnpacker(limits: job.limits, cancellation: job.cancellation)
                .unpack(try TarFile.stream(path, progress: job.progress), into: job.rootfs)
            return nil
        case .directory(let path):
            job.progress?.begin("copying \(path)")
            try await TreeCopy.copy(
                try Self.openFolder(path), to: job.rootfs, progress: job.progress, job.cancellation)
            return nil
        case .dockerArchive(let path, let reference):
            let files = try await archive(path, job)
            let image = try DockerArchive(files: files).image(reference, job.platform, progress: job.progress)
            return try await image.unpack(job)
        case .ociArchive(let path, let reference):
            let layout = OCILayout(files: try await archive(path, job))
            return try await layout.image(reference, job.platform, progress: job.progress).unpack(job)
        case .registry(let name):
            let store = try ImageStore(job.store)
            let digest = try await store.pull(name, job.platform, job.registry, job.progress, job.cancellation)
            return try await store.shared {
                try await store.layout.image("@\(digest)", job.platform, name: name.description, progress: job.progress)
                    .unpack(job)
            }
        case .ociLayout(let path, let reference):
            let layout = OCILayout(files: try FolderFiles(path))
            return try await layout.image(reference, job.platform, progress: job.progress).unpack(job)
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
    func unpack(_ job: UnpackJob) async throws -> ImageSpec.Image {
        job.progress?.begin("unpacking \(name)", total: size)
        let unpacker = TarUnpacker(limits: job.limits, cancellation: job.cancellation)
        for (number, layer) in layers.enumerated() {
            try await unpacker.unpack(layer, into: job.rootfs, layerWithLower: number > 0)
        }
        return image
    }
}
