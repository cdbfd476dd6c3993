internal import Glibc
internal import LinuxSystem

/// Makes a bundle beside its place and moves it there when it is whole.
///
/// The work folder `.bundletool-…` is locked by its owner; one that nobody locks is what a killed process left, and
/// the next maker removes it.
struct BundleMaker {
    private let target: String
    private let name: BundleName
    private let directory: MadeDirectory
    private let workName: FileName
    /// The work folder. Its lock goes with it into the finished bundle, until this is released.
    let work: Descriptor

    static let prefix = ".bundletool-"

    /// Refuses a name that is taken, and prepares an empty folder to work in.
    init(_ name: BundleName, in containers: ContainersFolder) throws {
        if geteuid() != 0 {
            throw BundleError(
                .notPermitted,
                "making a bundle needs root, to keep the files' owners; run it with sudo ('create --rootless' does without)"
            )
        }
        self.name = name
        target = "\(containers.path)/\(name)"
        directory = try MadeDirectory.making(containers.path)
        (workName, work) = try Self.prepare(name, at: target, in: directory)
    }

    private static func prepare(
        _ name: BundleName, at target: String, in directory: MadeDirectory
    ) throws -> (FileName, Descriptor) {
        do {
            if try directory.descriptor.statusIfPresent(of: FileName(name.text)) != nil {
                throw BundleError(
                    .exists,
                    "\(target) is there already; choose another name or remove it ('bundletool delete --bundle')")
            }
            removeLeftovers(in: directory.descriptor)
            return try makeWorkFolder(in: directory.descriptor)
        } catch {
            directory.removeIfMade()
            throw BundleError.wrap(error, "cannot make the bundle \(target)")
        }
    }

    private static func makeWorkFolder(in directory: Descriptor) throws(SystemError) -> (FileName, Descriptor) {
        while true {
            let name = FileName(prefix + String(UInt64.random(in: 0 ... .max), radix: 36))
            try directory.makeDirectory(name, mode: 0o700)
            // Another maker may take it for a leftover before the lock is there; then it is simply gone.
            guard let folder = try? directory.open(name, O_RDONLY | O_DIRECTORY), try folder.tryLock(),
                try directory.statusIfPresent(of: name) != nil
            else { continue }
            // Nothing of the containers folder's group or default ACL may reach the rootfs.
            try folder.setOwner(0, 0)
            try folder.setMode(0o700)
            try folder.removeAttribute(FileName("system.posix_acl_default"), ifPresent: true)
            try folder.removeAttribute(FileName("system.posix_acl_access"), ifPresent: true)
            return (name, folder)
        }
    }

    /// Best effort: what cannot be removed now is the next maker's.
    private static func removeLeftovers(in directory: Descriptor) {
        for name in (try? directory.names()) ?? [] where name.description.hasPrefix(prefix) {
            guard let folder = try? directory.open(name, O_RDONLY | O_DIRECTORY), (try? folder.tryLock()) == true
            else { continue }
            try? directory.removeTree(name)
        }
    }

    /// Runs `body`, which fills the work folder, then gives it its name. Whatever fails, nothing is left.
    func make(_ body: (Descriptor) async throws -> Void) async throws {
        do {
            try await body(work)
            if Task.isCancelled { throw Cancellation.interrupted }
            try name(work: workName)
            work.unlock()
        } catch {
            try? directory.descriptor.removeTree(workName)
            directory.removeIfMade()
            if BundleError.meansFullDisk(error) {
                throw BundleError(
                    .diskFull,
                    "the disk is full: \(target) was not made, and nothing of it was left; free some space or choose "
                        + "another folder with --containers", cause: error)
            }
            throw BundleError.wrap(error, "cannot make the bundle \(target)")
        }
    }

    private func name(work: FileName) throws {
        do {
            try directory.descriptor.rename(work, to: FileName(name.text), in: directory.descriptor)
        } catch {
            if error.code != EEXIST { throw error }
            throw BundleError(.exists, "\(target) has appeared meanwhile; nothing was changed")
        }
    }
}

/// A folder that is there, or was made with its parents for what comes into it.
struct MadeDirectory {
    let descriptor: Descriptor
    /// What had to be made, outermost first.
    private let made: [String]

    init(_ path: String) throws(SystemError) {
        made = try Self.make(path)
        do {
            descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            for path in made.reversed() { rmdir(path) }
            throw error
        }
    }

    static func making(_ path: String) throws -> MadeDirectory {
        do {
            return try MadeDirectory(path)
        } catch {
            throw BundleError(.system, "cannot make the containers folder \(path)", cause: error)
        }
    }

    private static func make(_ path: String) throws(SystemError) -> [String] {
        var made: [String] = []
        var missing = [path]
        while let next = missing.last {
            if mkdir(next, 0o755) == 0 {
                made.append(next)
                missing.removeLast()
                continue
            }
            let error = SystemError.last("create the folder", next)
            let parents = next.split(separator: "/", omittingEmptySubsequences: true).dropLast()
            if error.code == EEXIST {
                missing.removeLast()
            } else if error.code == ENOENT, !parents.isEmpty, missing.count < 256 {
                missing.append((next.hasPrefix("/") ? "/" : "") + parents.joined(separator: "/"))
            } else {
                for path in made.reversed() { rmdir(path) }
                throw error
            }
        }
        return made
    }

    /// Removes what was made, as far as it is still empty.
    func removeIfMade() {
        for path in made.reversed() where rmdir(path) != 0 { return }
    }
}
