internal import Glibc
internal import LinuxSystem
internal import OCIConfig

extension OCIBundle {
    /// Remembers in a clone's `config.json` which bundle it was made from: that one's absolute path.
    public static let originAnnotation = "io.github.bundletool.origin"

    /// Makes a bundle with the same content: extents shared where the file system can do that, copied elsewhere.
    ///
    /// The source may run; what it writes meanwhile may or may not be in the clone.
    /// - Parameters:
    ///   - name: the clone's name in `containers`, not taken yet.
    ///   - progress: is told how many bytes were cloned.
    /// - Throws: `BundleError`; nothing is left then.
    @discardableResult
    package func clone(
        as name: BundleName, in containers: ContainersFolder, progress: Progress? = nil
    ) async throws -> OCIBundle {
        let sourceLock = try lock(exclusive: false)
        defer { withExtendedLifetime(sourceLock) {} }
        let config = try cloneConfig()
        let maker = try BundleMaker(name, in: containers)
        progress?.begin("cloning \(self.name)")
        try await Cancellation.scope { cancellation in
            try await maker.make { work in
                try await TreeCopy.copy(sourceLock.folder, to: work, progress: progress, cancellation) {
                    $0.hasPrefix(".")
                }
                try work.replaceFile(FileName("config.json"), with: config)
            }
        }
        return try OCIBundle(at: "\(containers.path)/\(name)")
    }

    /// The clone's configuration: everything as it is here, and where it came from.
    private func cloneConfig() throws -> [UInt8] {
        do {
            var document = try JSONCoding.parse(readConfig())
            let root = document.members?["root"]?.members?["path"]?.text ?? "rootfs"
            var edits = ConfigEdits([.annotation(Self.originAnnotation, path)])
            if root.hasPrefix("/") {
                guard let inside = pathInside(root) else {
                    throw BundleError(
                        .unsupported, "\(path) has its rootfs outside, at \(root); a clone would share it")
                }
                edits.edits.append(.set(try ConfigPath(parsing: "root.path"), .string(inside)))
            }
            edits.force = true
            try edits.apply(to: &document)
            return JSONCoding.text(document)
        } catch let error as ConfigError {
            throw BundleError(.system, "cannot clone \(path): its config.json is not usable", cause: error)
        }
    }

    private func pathInside(_ absolute: String) -> String? {
        guard let real = realpath(absolute, nil) else { return nil }
        defer { free(real) }
        let text = String(cString: real)
        return text.hasPrefix("\(path)/") ? String(text.dropFirst(path.count + 1)) : nil
    }
}
