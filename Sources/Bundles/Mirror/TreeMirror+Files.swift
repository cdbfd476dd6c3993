internal import Glibc
internal import LinuxSystem

extension TreeMirror {
    /// Makes a regular file the same.
    /// - Returns: the status that the source had before it was read; nil where it was not there any more.
    func mirrorFile(_ name: FileName, _ path: FileName, _ folder: Folder, isSuspect: Bool) throws -> stat? {
        guard let from = try openIfPresent(name, O_RDONLY | O_NONBLOCK, in: folder.source) else { return nil }
        let status = try from.status()
        guard status.kind == .regular else { return nil }
        let target = try folder.target()
        let there = try target.statusIfPresent(of: name)
        if status.st_nlink > 1 {
            if let first = links[status.identity] {
                try link(name, to: first, there, folder)
                return status
            }
            links[status.identity] = path
        }
        if let there, there.kind == .regular, there.st_nlink == status.st_nlink || there.st_nlink == 1 {
            let isCopy = !isSuspect && there.isCopy(of: status)
            // A program that somebody runs there cannot be written, and is replaced.
            if let to = try openUnlessBusy(name, isCopy ? O_RDONLY : O_RDWR, in: target) {
                let written = isCopy ? 0 : try writer.update(to, size: Int(there.st_size), from: from, status)
                if try copyMetadata(of: from, status, to: to) || written > 0 { changes.files += 1 }
                changes.bytes += written
                return status
            }
        }
        // Whatever other names the old one has in the target, they are not the source's.
        if there != nil { try remove(name, folder) }
        let to = try target.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        changes.bytes += try writer.fill(to, from: from, status)
        _ = try copyMetadata(of: from, status, to: to)
        changes.files += 1
        return status
    }

    private func openUnlessBusy(_ name: FileName, _ flags: Int32, in folder: Descriptor) throws -> Descriptor? {
        do {
            return try folder.open(name, flags | O_NONBLOCK)
        } catch {
            if error.code == ETXTBSY { return nil }
            throw error
        }
    }

    private func link(_ name: FileName, to first: FileName, _ there: stat?, _ folder: Folder) throws {
        let original = try self.target.openInRoot(path: first, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).status()
        if there?.identity == original.identity { return }
        if there != nil { try remove(name, folder) }
        try folder.target().makeHardlink(name, to: first, in: self.target)
        changes.files += 1
    }

    /// Symlinks, devices, fifos, sockets.
    func mirrorOther(
        _ name: FileName, _ kind: FileKind, _ path: FileName, _ status: stat, _ folder: Folder
    ) throws -> stat? {
        let target = try folder.target()
        let there = try target.statusIfPresent(of: name)
        let link = kind == .symlink ? try folder.source.readSymlink(name) : nil
        var isSame = there.map { $0.kind == kind && $0.st_rdev == status.st_rdev } ?? false
        if isSame, let link { isSame = try target.readSymlink(name) == link }
        if !isSame {
            if there != nil { try remove(name, folder) }
            if let link {
                try target.makeSymlink(name, to: link)
            } else {
                try target.makeNode(name, mode: kind.modeBits | 0o600, device: status.st_rdev)
            }
        }
        let now = try target.status(of: name)
        if isSame, now.hasMetadata(of: status) { return status }
        try target.setOwner(of: name, status.st_uid, status.st_gid)
        if kind != .symlink { try target.setMode(of: name, status.permissions) }
        for (attribute, value) in try folder.source.attributes(of: name) {
            try target.setAttribute(of: name, attribute, value)
        }
        try target.setTimes(of: name, access: status.st_atim, modification: status.st_mtim)
        try writer.changed(target)
        changes.files += 1
        return status
    }

    /// - Returns: whether there was anything to do.
    func copyMetadata(of source: Descriptor, _ status: stat, to target: Descriptor) throws -> Bool {
        let now = try target.status()
        let attributes = try source.attributes()
        let old = try target.attributes()
        let same = attributes.count == old.count && attributes.allSatisfy { one in old.contains { $0 == one } }
        if same, now.hasMetadata(of: status) { return false }
        // In this order: a change of owner takes setuid bits and capabilities away.
        try target.setOwner(status.st_uid, status.st_gid)
        try target.setMode(status.permissions)
        for (name, _) in old where !attributes.contains(where: { $0.name == name }) {
            try target.removeAttribute(name, ifPresent: true)
        }
        for (name, value) in attributes { try target.setAttribute(name, value) }
        try target.setTimes(access: status.st_atim, modification: status.st_mtim)
        try writer.changed(target)
        return true
    }
}

extension stat {
    /// Owner, mode and time of modification; access times change by looking.
    fileprivate func hasMetadata(of other: stat) -> Bool {
        st_uid == other.st_uid && st_gid == other.st_gid && permissions == other.permissions
            && st_mtim.tv_sec == other.st_mtim.tv_sec && st_mtim.tv_nsec == other.st_mtim.tv_nsec
    }
}
