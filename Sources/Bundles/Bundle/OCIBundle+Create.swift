internal import Glibc
internal import LinuxSystem
package import OCIConfig

extension OCIBundle {
    /// Makes a bundle: the source's files, `files` on top, and a `config.json`.
    /// - Parameters:
    ///   - name: the bundle's name in `containers`, not taken yet.
    ///   - edits: made to the default configuration and the image's; user names are looked up in the rootfs.
    ///   - platform: which of an image's platforms; this machine's by default.
    ///   - registry: how registries are reached.
    ///   - store: where images that are pulled are kept.
    ///   - limits: what the source may ask for before it is refused as a bomb.
    ///   - owners: in a user namespace: what becomes of owners that it lacks. The configuration then starts one with the
    ///     same ids.
    ///   - progress: is told what is being done, and how many bytes of the source were read.
    /// - Throws: `BundleError` or `ConfigError`; nothing is left then.
    @discardableResult
    package static func create(
        _ name: BundleName, in containers: ContainersFolder, from source: ImageSource, files: [RootfsFile] = [],
        edits: ConfigEdits = ConfigEdits(), platform: ImagePlatform? = nil, limits: UnpackLimits = UnpackLimits(),
        registry: RegistryOptions = RegistryOptions(), store: String = ImageStore.defaultPath,
        owners: RecordedOwners? = nil, progress: Progress? = nil
    ) async throws -> OCIBundle {
        let maker = try BundleMaker(name, in: containers)
        try await Cancellation.scope { cancellation in
            try await maker.make { work in
                let rootfs = try Self.makeRootfs(in: work)
                let image = try await source.unpack(
                    UnpackJob(
                        rootfs: rootfs, scratch: containers.path, platform: PlatformChoice(platform),
                        registry: registry, store: store, limits: limits, owners: owners,
                        progress: progress, cancellation: cancellation))
                if let image { Self.note(source.exactly(image), PlatformChoice(platform), on: work) }
                try await onThread("finish") {
                    if !files.isEmpty {
                        try RootfsFile.write(files, into: rootfs, subject: "the recipe", owners: owners)
                    }
                    try Self.writeConfig(image?.image, edits, for: rootfs, in: work, owners)
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
        try rootfs.setTimes(access: nil, modification: .epoch)
        return rootfs
    }

    private static func writeConfig(
        _ image: ImageSpec.Image?, _ edits: ConfigEdits, for rootfs: Descriptor, in work: Descriptor,
        _ owners: RecordedOwners?
    ) throws {
        var spec = RuntimeSpec.default()
        let users = image != nil || edits.needsUsers ? try ContainerUsers(rootfs: rootfs) : ContainerUsers()
        if let image {
            // An image without a command gets none; the shell is for plain tarballs.
            spec.process?.args = nil
            try image.edits(users: users).apply(to: &spec, users: users)
        }
        owners?.makeRootless(&spec)
        try edits.apply(to: &spec, users: users)
        try work.replaceFile(FileName("config.json"), with: spec.encoded())
    }
}
