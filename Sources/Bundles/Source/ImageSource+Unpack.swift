internal import Glibc
internal import LinuxSystem

extension ImageSource {
    /// Fills the empty folder `rootfs` with what the source holds.
    func unpack(into rootfs: Descriptor, progress: Progress?, _ cancellation: Cancellation) async throws {
        switch self {
        case .tar(let path):
            try await TarUnpacker(cancellation: cancellation)
                .unpack(try TarFile.stream(path, progress: progress), into: rootfs)
        case .directory(let path):
            progress?.begin("copying \(path)")
            try await onThread("copy") {
                try RootfsWriter.ownUmask()
                let source = try Self.openFolder(path)
                try TreeCopy(of: source, progress: progress, cancellation).copy(source, to: rootfs)
            }
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
