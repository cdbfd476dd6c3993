import ArgumentParser
import OCIConfig

extension EditList {
    /// JSON, or `source:destination[:options]` for a bind mount.
    mutating func mount(_ text: String) throws {
        if text.hasPrefix("{") { return put("mounts", try Self.json(text), keys: ["destination"]) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts.contains("") else {
            throw Self.malformed(text, "JSON, or SOURCE:DESTINATION[:OPTIONS] for a bind mount")
        }
        let options = parts.count == 3 ? Self.words(parts[2]) : []
        let mount = RuntimeSpec.Mount {
            $0.destination = parts[1]
            $0.type = "bind"
            $0.source = parts[0]
            $0.options = (options.contains("bind") || options.contains("rbind") ? [] : ["rbind"]) + options
        }
        put("mounts", mount.json, keys: ["destination"])
    }

    /// JSON, or the path of a program without arguments.
    mutating func hook(_ path: StaticString, _ text: String) throws {
        let hook: JSONValue = text.hasPrefix("{") ? try Self.json(text) : ["path": .string(text)]
        edits.append(.append(Self.path(path), hook))
    }

    func mountMapping(_ member: String, _ text: String) throws -> ConfigEdit {
        let form = "DESTINATION:HOST:CONTAINER:SIZE"
        let parts = try Self.parts(text, 4, form)
        let mapping = try Self.mapping(parts[1...].joined(separator: ":"))
        return .appendToElement(
            Self.path("mounts"), where: ["destination": .string(parts[0])], member: member, mapping)
    }

    static func mapping(_ text: String) throws -> JSONValue {
        let parts = try parts(text, 3, "HOST:CONTAINER:SIZE")
        return [
            "hostID": try integer(parts[0], of: text), "containerID": try integer(parts[1], of: text),
            "size": try integer(parts[2], of: text),
        ]
    }

    mutating func mapping(_ path: StaticString, _ text: String) throws {
        put(path, try Self.mapping(text), keys: [])
        edits.append(.ensureNamespace("user"))
    }

    mutating func namespace(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let type = parts.first else { throw Self.malformed(text, "TYPE[:PATH]") }
        edits.append(.namespace(type, parts.count > 1 ? .path(parts[1]) : .new))
    }

    mutating func namespaceSource(_ text: String) throws {
        let (type, source) = try Self.pair(text, "TYPE=SOURCE, as network=host")
        do {
            edits.append(.namespace(type, try NamespaceSource(source)))
        } catch {
            throw ValidationError("\(error)")
        }
    }

    mutating func timeOffset(_ text: String) throws {
        let (clock, offset) = try Self.pair(text, "CLOCK=SECONDS[.NANOSECONDS], as monotonic=3600")
        let parts = offset.split(separator: ".", maxSplits: 1)
        guard let seconds = parts.first else { throw Self.malformed(text, "CLOCK=SECONDS[.NANOSECONDS]") }
        var value: [String: JSONValue] = ["secs": try Self.integer(seconds, of: text)]
        if parts.count > 1 { value["nanosecs"] = try Self.integer(parts[1], of: text) }
        edits.append(.set(Self.path("linux.timeOffsets").appending(.key(clock)), .object(value)))
        edits.append(.ensureNamespace("time"))
    }

    mutating func netDevice(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let host = parts.first else { throw Self.malformed(text, "HOST[:NAME]") }
        let value: JSONValue = parts.count > 1 ? ["name": .string(parts[1])] : [:]
        edits.append(.set(Self.path("linux.netDevices").appending(.key(host)), value))
    }
}
