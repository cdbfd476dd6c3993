import ArgumentParser
import OCIConfig

extension EditList {
    mutating func device(_ text: String) throws {
        let form = "TYPE:MAJOR:MINOR:PATH[:fileMode=N][:uid=N][:gid=N]"
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4 else { throw Self.malformed(text, form) }
        var device: [String: JSONValue] = ["type": .string(parts[0]), "path": .string(parts[3])]
        if parts[0] != "p" || !parts[1].isEmpty {
            device["major"] = try Self.integer(parts[1], of: text)
            device["minor"] = try Self.integer(parts[2], of: text)
        }
        for option in parts[4...] {
            let (name, value) = try Self.pair(option, form)
            guard ["fileMode", "uid", "gid"].contains(name) else { throw Self.malformed(text, form) }
            device[name] = try Self.integer(value, of: text)
        }
        put("linux.devices", .object(device), keys: ["path"])
    }

    static func deviceRule(_ text: String) throws -> JSONValue {
        let form = "allow|deny[,type=a|b|c][,major=N][,minor=N][,access=rwm]"
        let words = words(text)
        guard let first = words.first, first == "allow" || first == "deny" else { throw malformed(text, form) }
        var rule: [String: JSONValue] = ["allow": .bool(first == "allow")]
        for word in words.dropFirst() {
            let (name, value) = try pair(word, form)
            switch name {
            case "type" where ["a", "b", "c"].contains(value): rule["type"] = .string(value)
            case "access" where value.allSatisfy("rwm".contains): rule["access"] = .string(value)
            case "major", "minor": rule[name] = try integer(value, of: text)
            default: throw malformed(text, form)
            }
        }
        return .object(rule)
    }

    mutating func rule(_ text: String) throws {
        edits.append(.append(Self.path("linux.resources.devices"), try Self.deviceRule(text)))
    }

    mutating func hugepageLimit(_ text: String) throws {
        let parts = try Self.parts(text, 2, "SIZE:BYTES, as 2MB:4194304")
        put(
            "linux.resources.hugepageLimits",
            ["pageSize": .string(parts[0]), "limit": try Self.integer(parts[1], of: text)], keys: ["pageSize"])
    }

    mutating func rdma(_ text: String) throws {
        let parts = try Self.parts(text, 3, "DEVICE:HANDLES:OBJECTS")
        edits.append(
            .set(
                Self.path("linux.resources.rdma").appending(.key(parts[0])),
                [
                    "hcaHandles": try Self.integer(parts[1], of: text),
                    "hcaObjects": try Self.integer(parts[2], of: text),
                ]))
    }

    mutating func networkPriority(_ text: String) throws {
        let parts = try Self.parts(text, 2, "INTERFACE:PRIORITY")
        if parts[1] == "-1" { return remove("linux.resources.network.priorities", ["name": .string(parts[0])]) }
        put(
            "linux.resources.network.priorities",
            ["name": .string(parts[0]), "priority": try Self.integer(parts[1], of: text)], keys: ["name"])
    }

    /// Sets one member of a device's entry; both weights of a device share one entry.
    mutating func blockDevice(_ list: String, _ member: String, _ text: String) throws {
        let parts = try Self.parts(text, 3, "MAJOR:MINOR:\(member == "rate" ? "RATE" : "WEIGHT")")
        let path = Self.path("linux.resources.blockIO").appending(.key(list))
        let device: [String: JSONValue] = [
            "major": try Self.integer(parts[0], of: text), "minor": try Self.integer(parts[1], of: text),
        ]
        if parts[2] == "-1" {
            edits.append(.unsetInElement(path, where: .object(device), member: member))
        } else {
            let value = try Self.integer(parts[2], of: text)
            edits.append(.setInElement(path, where: .object(device), member: member, value))
        }
    }

    mutating func memoryPolicy(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        set("linux.memoryPolicy.mode", parts.first ?? "")
        if parts.count > 1 { set("linux.memoryPolicy.nodes", parts[1]) }
    }

    mutating func windowsDevice(_ text: String) throws {
        let parts = try Self.parts(text, 2, "ID:IDTYPE")
        put("windows.devices", ["id": .string(parts[0]), "idType": .string(parts[1])], keys: ["id"])
    }
}
