internal import Glibc
internal import LinuxSystem

extension OCIBundle {
    /// Removes the bundle's folder with all that is in it.
    ///
    /// It goes out of sight in one step first; what a kill leaves then, the next maker of a bundle there removes.
    /// - Parameter lock: the caller's claim on this bundle.
    /// - Throws: `BundleError`; where something is mounted below the bundle, nothing is touched.
    package func remove(_ lock: Lock) throws {
        let mounts = Self.mountPoints(Files.text(of: "/proc/self/mountinfo") ?? "")
        if let mount = mounts.first(where: { $0 == path || $0.hasPrefix("\(path)/") }) {
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

    /// The mount points of proc_pid_mountinfo(5), whose spaces and the like are octal escapes.
    static func mountPoints(_ mountinfo: String) -> [String] {
        mountinfo.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 ? unescaped(fields[4]) : nil
        }
    }

    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
