internal import Glibc
internal import LinuxSystem

/// A plain tarball on disk, or a pipe that gives one.
enum TarFile {
    static func stream(_ path: String, progress: Progress?) throws -> TarStream {
        let file = try open(path)
        let status = try file.status()
        progress?.begin("unpacking \(path)", total: status.kind == .regular ? Int(status.st_size) : nil)
        return TarStream(name: path, open: { try FileReader(file, progress: progress, $0) })
    }

    static func open(_ path: String) throws -> Descriptor {
        do {
            let file = try Descriptor.open(path, O_RDONLY)
            if try file.status().kind == .directory {
                throw BundleError(
                    .badArchive, "\(path) is a folder, no archive; say dir:\(path) to take it as the rootfs")
            }
            return file
        } catch let error as SystemError {
            throw BundleError(
                error.isMissing ? .notFound : .system, "cannot read the archive \(path)", cause: error)
        }
    }
}
