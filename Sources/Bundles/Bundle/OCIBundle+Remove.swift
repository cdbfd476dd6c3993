internal import Glibc
internal import LinuxSystem

extension OCIBundle {
    /// Removes the bundle's folder with all that is in it.
    ///
    /// It goes out of sight in one step first; what a kill leaves then, the next maker of a bundle there removes.
    /// - Parameter lock: the caller's claim on this bundle.
    /// - Throws: `BundleError`; where something is mounted below the bundle, nothing is touched.
    package func remove(_ lock: Lock) throws {
        if let mount = MountPoints.below(path).first {
            throw BundleError(.busy, "cannot remove the bundle \(path): \(mount) is mounted in it; unmount that first")
        }
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        do {
            let directory = try Descriptor.open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY)
            let hidden = FileName(BundleMaker.prefix + String(UInt64.random(in: 0 ... .max), radix: 36))
            try directory.rename(FileName(name), to: hidden, in: directory)
            try directory.removeTree(hidden)
        } catch {
            throw BundleError.wrap(error, "cannot remove the bundle \(path)")
        }
        withExtendedLifetime(lock) {}
    }
}
