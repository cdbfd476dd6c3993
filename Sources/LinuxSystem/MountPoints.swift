internal import CLinux
internal import Glibc

/// What is mounted where (proc_pid_mountinfo(5)).
package enum MountPoints {
    /// The mount points at `path` or below it, in the order in which they were mounted.
    package static func below(_ path: String) -> [String] {
        all(Files.text(of: "/proc/self/mountinfo") ?? "").filter { $0 == path || $0.hasPrefix("\(path)/") }
    }

    /// Unmounts everything below `path`.
    /// - Returns: whether nothing is mounted there any more: only then may the folder's contents be removed.
    package static func clear(below path: String) -> Bool {
        for point in below(path).reversed() { _ = umount2(point, Int32(MNT_DETACH)) }
        return below(path).isEmpty
    }

    /// The mount points of a mountinfo file, whose spaces and the like are octal escapes.
    package static func all(_ mountinfo: String) -> [String] {
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
