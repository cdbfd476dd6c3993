import Glibc
import LinuxSystem

/// Writes a file in one step: it is there whole, or not at all.
enum NewFile {
    static func write(_ text: [UInt8], to path: String) throws {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let temporary = "\(folder)/.bundletool.\(getpid())"
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644)
        do {
            try file.write(all: text)
            try retrying("write", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }
}
