/// The users and groups of a container, from its `/etc/passwd` and `/etc/group`.
public struct ContainerUsers: Sendable, Hashable {
    /// As whom a process runs.
    public struct Resolved: Sendable, Hashable {
        /// The user id.
        public var uid: UInt32
        /// The primary group.
        public var gid: UInt32
        /// The further groups.
        public var additionalGids: [UInt32]
        /// The home folder, where the user is in `/etc/passwd`.
        public var home: String?
    }

    private struct User: Hashable {
        var name: Substring
        var uid: UInt32
        var gid: UInt32
        var home: Substring
    }

    private struct Group: Hashable {
        var name: Substring
        var gid: UInt32
        var members: [Substring]
    }

    private let users: [User]
    private let groups: [Group]

    /// - Parameters:
    ///   - passwd: the text of `/etc/passwd`; empty when there is none.
    ///   - group: the text of `/etc/group`; empty when there is none.
    public init(passwd: String = "", group: String = "") {
        users = Self.lines(passwd, 7).compactMap { fields in
            guard let uid = Self.id(fields[2]), let gid = Self.id(fields[3]) else { return nil }
            return User(name: fields[0], uid: uid, gid: gid, home: fields[5])
        }
        groups = Self.lines(group, 4).compactMap { fields in
            guard let gid = Self.id(fields[2]) else { return nil }
            return Group(name: fields[0], gid: gid, members: fields[3].split(separator: ","))
        }
    }

    private static func lines(_ text: String, _ count: Int) -> [[Substring]] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            var fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if line.hasPrefix("#") || fields.count < count - 1 || fields[0].isEmpty { return nil }
            while fields.count < count { fields.append("") }
            return fields
        }
    }

    /// Ids above 2^31-1 are refused: tools that take them for signed numbers run the process as root (CVE-2024-40635).
    private static func id(_ text: some StringProtocol) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let id = UInt32(text), id <= Int32.max
        else { return nil }
        return id
    }

    private static func looksNumeric(_ text: some StringProtocol) -> Bool {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Whether a user is given without names, so that no file is needed.
    public static func isNumeric(_ user: String) -> Bool {
        user.split(separator: ":", omittingEmptySubsequences: false).allSatisfy { $0.isEmpty || looksNumeric($0) }
    }

    /// Resolves `user`, `uid`, `user:group`, `uid:gid`, `uid:group`, `user:gid`, or an empty text for root, as
    /// image-spec's config.md and conversion.md have it: the groups of the file only for a name without a group.
    /// - Throws: ``ConfigError`` for a name that is not in the files and an id above 2147483647.
    public func resolve(_ text: String) throws(ConfigError) -> Resolved {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = parts.first ?? ""
        let group = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
        let entry: User?
        let uid: UInt32
        if user.isEmpty || Self.looksNumeric(user) {
            uid = user.isEmpty ? 0 : try number(user, of: text)
            entry = users.first { $0.uid == uid }
        } else {
            guard let found = users.first(where: { $0.name == user }) else {
                throw ConfigError(.unknownUser, "the user '\(user)' is not in the container's /etc/passwd")
            }
            entry = found
            uid = found.uid
        }
        let gid = try group.map { (group) throws(ConfigError) in try groupID(group, of: text) } ?? entry?.gid ?? 0
        let byName = !user.isEmpty && !Self.looksNumeric(user)
        let further = byName && group == nil ? groups.filter { $0.members.contains(user) }.map(\.gid) : []
        return Resolved(
            uid: uid, gid: gid, additionalGids: Array(Set(further).subtracting([gid])).sorted(),
            home: entry.map { String($0.home) })
    }

    private func groupID(_ group: Substring, of text: String) throws(ConfigError) -> UInt32 {
        if Self.looksNumeric(group) { return try number(group, of: text) }
        guard let found = groups.first(where: { $0.name == group }) else {
            throw ConfigError(.unknownUser, "the group '\(group)' is not in the container's /etc/group")
        }
        return found.gid
    }

    private func number(_ part: Substring, of text: String) throws(ConfigError) -> UInt32 {
        guard let id = Self.id(part) else {
            throw ConfigError(.outOfRange, "the id '\(part)' of the user '\(text)' is not from 0 to 2147483647")
        }
        return id
    }
}
