internal import CLinux
internal import Glibc
package import LinuxSystem
internal import OCIConfig
internal import Synchronization

/// What becomes of owners and devices in a user namespace, which has not every id and no device nodes.
///
/// They are recorded in extended attributes, as others do it, so that `export` can put them back: owners as umoci and
/// PRoot (`user.rootlesscontainers`), a device as an empty file that says what it is as containers-storage
/// (`user.containers.override_stat`). Symlinks and fifos cannot carry such attributes.
package final class RecordedOwners: Sendable {
    private let map: IDMap
    private let counts = Mutex(Counts())

    private struct Counts {
        var owners = 0
        var devices = 0
        var lostOwners = 0
        var lostAttributes = 0
        var user: (UInt32, UInt32)?
    }

    static let ownerAttribute = Array("user.rootlesscontainers".utf8)
    static let statusAttribute = Array("user.containers.override_stat".utf8)

    /// - Parameter map: the ids that this process's user namespace has.
    package init(_ map: IDMap) {
        self.map = map
    }

    func user(_ id: UInt32) -> UInt32 { map.users.has(id) ? id : 0 }
    func group(_ id: UInt32) -> UInt32 { map.groups.has(id) ? id : 0 }

    /// An entry as it can be had here.
    func possible(_ entry: TarEntry) -> TarEntry {
        var result = entry
        // From elsewhere they would say something else.
        result.attributes.removeAll { $0.name == Self.ownerAttribute || $0.name == Self.statusAttribute }
        (result.user, result.group) = (user(entry.user), group(entry.group))
        let isOwner = result.user != entry.user || result.group != entry.group
        switch entry.kind {
        case .hardlink: return result
        case .characterDevice, .blockDevice:
            result.kind = .file
            result.mode &= 0o777
            result.attributes.append((Self.statusAttribute, Self.status(of: entry)))
            counts.withLock { $0.devices += 1 }
        case .symlink, .fifo:
            if isOwner { counts.withLock { $0.lostOwners += 1 } }
            return result
        case .file, .directory:
            // Set-id bits that were meant for another id must not become root's, unless all ids are one.
            let bits: UInt32 = (result.user != entry.user ? 0o4000 : 0) | (result.group != entry.group ? 0o2000 : 0)
            if entry.kind == .file, !map.isSingle, entry.mode & bits != 0 {
                result.mode &= ~bits
                result.attributes.append((Self.statusAttribute, Self.status(of: entry)))
            }
        }
        if isOwner {
            result.attributes.append((Self.ownerAttribute, Self.owner(entry.user, entry.group)))
            counts.withLock { $0.owners += 1 }
        }
        return result
    }

    /// A device of a folder that is copied.
    func place(_ name: FileName, _ status: stat, in folder: Descriptor) throws(SystemError) {
        var entry = TarEntry()
        entry.kind = status.kind == .characterDevice ? .characterDevice : .blockDevice
        (entry.mode, entry.user, entry.group) = (status.permissions, user(status.st_uid), group(status.st_gid))
        (entry.deviceMajor, entry.deviceMinor) = (blt_major(UInt64(status.st_rdev)), blt_minor(UInt64(status.st_rdev)))
        let file = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: status.permissions & 0o777)
        try file.setOwner(entry.user, entry.group)
        try file.setAttribute(FileName(Self.statusAttribute)!, Self.status(of: entry))
        try file.setTimes(access: status.st_atim, modification: status.st_mtim)
        counts.withLock { $0.devices += 1 }
    }

    /// Whether a failure to set an attribute is to be put up with: capabilities of other namespaces, access lists of
    /// ids that are not here, what only the system's root may set.
    func mayLack(_ name: FileName, _ error: SystemError) -> Bool {
        guard error.code == EPERM || error.code == EINVAL, name.bytes != Self.ownerAttribute,
            name.bytes != Self.statusAttribute
        else { return false }
        counts.withLock { $0.lostAttributes += 1 }
        return true
    }
}

// MARK: - The attributes

extension RecordedOwners {
    /// A protocol buffer: field 1 is the user, field 2 the group, and the largest id is "as it is".
    /// (github.com/rootless-containers/proto)
    private static func owner(_ user: UInt32, _ group: UInt32) -> [UInt8] {
        func number(_ number: UInt32) -> [UInt8] {
            var rest = number
            var bytes: [UInt8] = []
            while rest >= 0x80 {
                bytes.append(UInt8(rest & 0x7f) | 0x80)
                rest >>= 7
            }
            return bytes + [UInt8(rest)]
        }
        return [0x08] + number(user == 0 ? .max : user) + [0x10] + number(group == 0 ? .max : group)
    }

    private static func readOwner(_ bytes: [UInt8]) -> (user: UInt32?, group: UInt32?)? {
        var rest = bytes[...]
        func number() -> UInt32? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while let byte = rest.popFirst(), shift < 35 {
                value |= UInt64(byte & 0x7f) << shift
                if byte & 0x80 == 0 { return UInt32(exactly: value) }
                shift += 7
            }
            return nil
        }
        var owner: (user: UInt32?, group: UInt32?)
        while let field = rest.popFirst() {
            guard let value = number() else { return nil }
            switch field {
            case 0x08: owner.user = value == .max ? nil : value
            case 0x10: owner.group = value == .max ? nil : value
            default: return nil
            }
        }
        return owner
    }

    /// `UID:GID:MODE:TYPE`, the type being `file`, or `char` or `block` with the device's numbers.
    private static func status(of entry: TarEntry) -> [UInt8] {
        let octal = String(entry.mode, radix: 8)
        let mode = String(repeating: "0", count: max(0, 4 - octal.count)) + octal
        let type =
            switch entry.kind {
            case .characterDevice: "char-\(entry.deviceMajor)-\(entry.deviceMinor)"
            case .blockDevice: "block-\(entry.deviceMajor)-\(entry.deviceMinor)"
            default: "file"
            }
        return Array("\(entry.user):\(entry.group):\(mode):\(type)".utf8)
    }

    /// Makes a file's entry what is recorded of it.
    static func restore(_ entry: inout TarEntry) throws {
        let records = entry.attributes
        entry.attributes.removeAll { $0.name == ownerAttribute || $0.name == statusAttribute }
        func malformed(_ name: [UInt8]) -> BundleError {
            BundleError(.badArchive, "'\(entry.name)' has a malformed \(String(decoding: name, as: UTF8.self))")
        }
        if let value = records.first(where: { $0.name == ownerAttribute })?.value {
            guard let owner = readOwner(value) else { throw malformed(ownerAttribute) }
            entry.user = owner.user ?? entry.user
            entry.group = owner.group ?? entry.group
        }
        guard let value = records.first(where: { $0.name == statusAttribute })?.value else { return }
        let fields = String(decoding: value, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 4, let user = UInt32(fields[0]), let group = UInt32(fields[1]), user != .max,
            group != .max,
            let mode = UInt32(fields[2], radix: 8), mode <= 0o7777
        else { throw malformed(statusAttribute) }
        let type = fields[3].split(separator: "-")
        if type.count == 3, type[0] == "char" || type[0] == "block" {
            guard entry.kind == .file, let major = UInt32(type[1]), let minor = UInt32(type[2]) else {
                throw malformed(statusAttribute)
            }
            // Something was written into it since: it is a file now.
            if entry.size > 0 { return }
            entry.kind = type[0] == "char" ? .characterDevice : .blockDevice
            (entry.deviceMajor, entry.deviceMinor) = (major, minor)
        } else if type != ["file"] {
            throw malformed(statusAttribute)
        }
        (entry.user, entry.group, entry.mode) = (user, group, mode)
    }
}

// MARK: - The configuration

extension RecordedOwners {
    /// Starts the container in a namespace with the same ids. A user that this one lacks becomes root.
    func makeRootless(_ spec: inout RuntimeSpec) {
        func mappings(_ ranges: [IDMap.Range]) -> [RuntimeSpec.IDMapping] {
            ranges.map { range in
                RuntimeSpec.IDMapping {
                    $0.containerID = range.inside
                    $0.hostID = range.outside
                    $0.size = range.count
                }
            }
        }
        spec.makeRootless(users: mappings(map.users), groups: mappings(map.groups))
        let wanted = (spec.process?.user?.uid ?? 0, spec.process?.user?.gid ?? 0)
        if (user(wanted.0), group(wanted.1)) != wanted {
            spec.process?.user?.uid = user(wanted.0)
            spec.process?.user?.gid = group(wanted.1)
            counts.withLock { $0.user = wanted }
        }
        // Where there is one group only, nobody may join any.
        let groups = spec.process?.user?.additionalGids?.filter { map.groups.has($0) } ?? []
        spec.process?.user?.additionalGids = map.isSingle || groups.isEmpty ? nil : groups
    }

    private static func number(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

    /// One sentence for the user: which ids there are, and what was recorded.
    package var summary: String {
        counts.withLock { counts in
            let number = map.users.reduce(0) { $0 + Int($1.count) }
            var parts = [map.isSingle ? "rootless with one id" : "rootless with \(number) ids"]
            if counts.owners + counts.devices > 0 {
                parts.append(
                    "the owner of \(Self.number(counts.owners, "file")) and \(Self.number(counts.devices, "device node")) are recorded in extended "
                        + "attributes, and put back by 'export'")
            }
            if counts.lostOwners > 0 {
                parts.append("\(Self.number(counts.lostOwners, "symlink or fifo")) lost the owner")
            }
            if counts.lostAttributes > 0 {
                parts.append(
                    "\(Self.number(counts.lostAttributes, "extended attribute")) left out, for the system's root only to set"
                )
            }
            if let user = counts.user {
                parts.append("the container runs as root, because its user \(user.0):\(user.1) has no id here")
            }
            return parts.joined(separator: "; ")
        }
    }
}
