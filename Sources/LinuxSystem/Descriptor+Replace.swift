internal import Glibc

extension Descriptor {
    /// Puts `bytes` under `name` in this directory in one step, on disk before they are visible. A file that was there
    /// passes on its mode and owner.
    package func replaceFile(_ name: FileName, with bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        let old = try statusIfPresent(of: name)
        let temporary = FileName(".\(name).\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        do {
            try file.write(all: bytes)
            if let old { try file.setOwner(old.st_uid, old.st_gid) }
            try file.setMode(old?.permissions ?? mode)
            try file.sync()
            try retrying("replace", name.description) {
                temporary.withCString { temporary in name.withCString { renameat(raw, temporary, raw, $0) } }
            }
        } catch {
            try? remove(temporary)
            throw error
        }
    }
}
