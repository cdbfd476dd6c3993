internal import Glibc
internal import LinuxSystem
package import OCIConfig

extension OCIBundle {
    /// Makes a bundle: the source's files, `files` on top, and a `config.json`.
    /// - Parameters:
    ///   - name: the bundle's name in `containers`, not taken yet.
    ///   - edits: made to the default configuration; user names are looked up in the rootfs.
    ///   - progress: is told what is being done, and how many bytes of the source were read.
    /// - Throws: `BundleError` or `ConfigError`; nothing is left then.
    @discardableResult
    package static func create(
        _ name: BundleName, in containers: ContainersFolder, from source: ImageSource, files: [RootfsFile] = [],
        edits: ConfigEdits = ConfigEdits(), progress: Progress? = nil
    ) async throws -> OCIBundle {
        let maker = try BundleMaker(name, in: containers)
        try await Cancellation.scope { cancellation in
            try await maker.make { work in
                let rootfs = try Self.makeRootfs(in: work)
                try await source.unpack(into: rootfs, progress: progress, cancellation)
                try await onThread("finish") {
                    if !files.isEmpty { try RootfsFile.write(files, into: rootfs, subject: "the recipe") }
                    try Self.writeConfig(edits, for: rootfs, in: work)
                }
            }
        }
        return try OCIBundle(at: "\(containers.path)/\(name)")
    }

    private static func makeRootfs(in work: Descriptor) throws -> Descriptor {
        let name = FileName("rootfs")
        try work.makeDirectory(name, mode: 0o755)
        let rootfs = try work.open(name, O_RDONLY | O_DIRECTORY)
        try rootfs.setMode(0o755)
        return rootfs
    }

    private static func writeConfig(_ edits: ConfigEdits, for rootfs: Descriptor, in work: Descriptor) throws {
        var spec = RuntimeSpec.default()
        try edits.apply(to: &spec, users: edits.needsUsers ? ContainerUsers(rootfs: rootfs) : ContainerUsers())
        try work.replaceFile(FileName("config.json"), with: spec.encoded())
    }
}
