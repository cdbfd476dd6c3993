internal import Glibc
internal import LinuxSystem

/// A path for what takes no other characters than letters, digits and `/._-`: `PATH` splits at colons, CRIU's
/// configuration at blanks, and CRIU hands its scripts to a shell. Another folder gets a link, gone with this value.
final class PlainPath: Sendable {
    let path: String
    private let isLink: Bool

    init(to folder: String) throws {
        isLink = !folder.utf8.allSatisfy(Self.isPlain)
        guard isLink else {
            path = folder
            return
        }
        let parent = access("/run", W_OK) == 0 ? "/run" : "/tmp"
        path = "\(parent)/.bundletool-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try retrying("make the link", path) { [path] in symlink(folder, path) }
    }

    deinit {
        if isLink { unlink(path) }
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
