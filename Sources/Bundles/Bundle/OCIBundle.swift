internal import Glibc
package import LinuxSystem

/// A bundle on disk: a folder with `config.json` and, usually, `rootfs`.
public struct OCIBundle: Hashable, Sendable {
    /// Absolute, with no symlinks in it: what runtimes and annotations remember.
    public let path: String

    /// A bundle that is there.
    /// - Throws: `notFound` if there is no folder or no `config.json` in it.
    public init(at path: String) throws {
        guard let real = realpath(path, nil) else {
            let error = SystemError.last("find the bundle", path)
            throw BundleError(
                error.isMissing ? .notFound : .system,
                error.isMissing
                    ? "there is no bundle \(path); 'bundletool create' makes one" : error.description)
        }
        defer { free(real) }
        self.path = String(cString: real)
        var status = stat()
        guard stat("\(path)/config.json", &status) == 0 else {
            throw BundleError(.notFound, "\(self.path) is no bundle: it has no config.json")
        }
    }

    /// The last component of the path.
    public var name: String { String(path.split(separator: "/").last ?? "") }
    /// Where its `config.json` is.
    public var configPath: String { "\(path)/config.json" }
    /// The default place; `root.path` of the config has the last word.
    public var rootfsPath: String { "\(path)/rootfs" }

    package func open() throws -> Descriptor {
        do {
            return try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw BundleError(error.isMissing ? .notFound : .system, "cannot open the bundle", cause: error)
        }
    }

    /// An exclusive claim on a bundle; ends when it is released for the last time, or with the process.
    package final class Lock: Sendable {
        package let folder: Descriptor
        init(_ folder: Descriptor) {
            self.folder = folder
        }

        deinit { folder.unlock() }
    }

    /// Claims the bundle for work that must not meet other work on it: migrate, delete, config edit. Does not wait.
    /// - Parameter exclusive: false for work that only reads, which may meet its like.
    /// - Throws: `busy` if somebody else has it.
    package func lock(exclusive: Bool = true) throws -> Lock {
        let folder = try open()
        do {
            if try folder.tryLock(exclusive: exclusive) { return Lock(folder) }
        } catch {
            throw BundleError(.system, "cannot lock the bundle \(path)", cause: error)
        }
        throw BundleError(.busy, "the bundle \(path) is in use by another bundletool command; wait until it is done")
    }
}

extension OCIBundle {
    /// More than any config needs, and little enough to hold.
    private static let largestConfig = 16 << 20

    /// The bytes of `config.json`.
    package func readConfig() throws -> [UInt8] {
        do {
            return try Descriptor.open(configPath, O_RDONLY).contents(limit: Self.largestConfig)
        } catch {
            throw BundleError(.system, "cannot read \(configPath)", cause: error)
        }
    }

    /// Replaces `config.json` in one step: a reader sees the old or the new one whole. Mode and owner stay.
    package func writeConfig(_ bytes: [UInt8]) throws {
        do {
            try open().replaceFile(FileName("config.json"), with: bytes)
        } catch {
            throw BundleError.wrap(error, "cannot write \(configPath)")
        }
    }
}
