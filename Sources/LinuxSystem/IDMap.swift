internal import Glibc

/// Which user and group ids a user namespace has, and what they are outside (user_namespaces(7)).
package struct IDMap: Sendable, Hashable {
    /// `count` ids from `inside` on, which are those from `outside` on in the namespace around it.
    package struct Range: Sendable, Hashable {
        package let inside: UInt32
        package let outside: UInt32
        package let count: UInt32

        package init(inside: UInt32, outside: UInt32, count: UInt32) {
            self.inside = inside
            self.outside = outside
            self.count = count
        }
    }

    package var users: [Range]
    package var groups: [Range]

    package init(users: [Range], groups: [Range]) {
        self.users = users
        self.groups = groups
    }

    /// The namespace that this process is in.
    package static func current() throws(SystemError) -> IDMap {
        func read(_ path: String) throws(SystemError) -> [Range] {
            let text = String(decoding: try Files.contents(of: path), as: UTF8.self)
            return text.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ").compactMap { UInt32($0) }
                return fields.count == 3 ? Range(inside: fields[0], outside: fields[1], count: fields[2]) : nil
            }
        }
        return IDMap(users: try read("/proc/self/uid_map"), groups: try read("/proc/self/gid_map"))
    }

    /// Root inside is the caller, and there is nobody else.
    package static var single: IDMap {
        IDMap(
            users: [Range(inside: 0, outside: geteuid(), count: 1)],
            groups: [Range(inside: 0, outside: getegid(), count: 1)])
    }

    package var isSingle: Bool { users.count == 1 && users[0].count == 1 }

    /// Root inside is the caller; the others are those that /etc/subuid and /etc/subgid give to the caller (subuid(5)).
    /// - Returns: nil where one of them gives none.
    package static func subordinate() -> IDMap? {
        var names = ["\(geteuid())"]
        if let entry = getpwuid(geteuid()) { names.append(String(cString: entry.pointee.pw_name)) }
        let users = subordinate("/etc/subuid", names)
        let groups = subordinate("/etc/subgid", names)
        if users.isEmpty || groups.isEmpty { return nil }
        return IDMap(users: single.users + users, groups: single.groups + groups)
    }

    private static func subordinate(_ path: String, _ names: [String]) -> [Range] {
        var next: UInt32 = 1
        var ranges: [Range] = []
        for line in (Files.text(of: path) ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, names.contains(String(fields[0])), let start = UInt32(fields[1]),
                let count = UInt32(fields[2]), count > 0, count <= .max - next, count <= .max - start
            else { continue }
            ranges.append(Range(inside: next, outside: start, count: count))
            next += count
        }
        return ranges
    }
}

extension [IDMap.Range] {
    /// Whether the namespace has this id.
    package func has(_ id: UInt32) -> Bool { contains { id >= $0.inside && id - $0.inside < $0.count } }
}
