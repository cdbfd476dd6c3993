import ArgumentParser
import OCIConfig

extension EditList {
    /// The first one replaces the arguments, the others are added.
    mutating func argument(_ word: String) {
        let path: StaticString = "process.args"
        if case .append(Self.path(path), _) = edits.last {
            edits.append(.append(Self.path(path), .string(word)))
        } else {
            edits.append(.set(Self.path(path), .array([])))
            edits.append(.append(Self.path(path), .string(word)))
        }
    }

    mutating func consoleSize(_ text: String) throws {
        let parts = try Self.parts(text, 2, "WIDTH:HEIGHT")
        let size: [String: JSONValue] = [
            "width": try Self.integer(parts[0], of: text), "height": try Self.integer(parts[1], of: text),
        ]
        edits.append(.set(Self.path("process.consoleSize"), .object(size)))
    }

    mutating func rlimit(_ text: String) throws {
        let parts = try Self.parts(text, 3, "TYPE:HARD:SOFT, as RLIMIT_NOFILE:1024:1024")
        func limit(_ part: String) throws -> JSONValue {
            part == "-1" || part == "unlimited" ? JSONValue(UInt64.max) : try Self.integer(part, of: text)
        }
        let value: [String: JSONValue] = [
            "type": .string(parts[0]), "hard": try limit(parts[1]), "soft": try limit(parts[2]),
        ]
        put("process.rlimits", .object(value), keys: ["type"])
    }

    mutating func ioPriority(_ text: String) throws {
        let parts = try Self.parts(text, 2, "CLASS:PRIORITY, as IOPRIO_CLASS_BE:4")
        let value: [String: JSONValue] = ["class": .string(parts[0]), "priority": try Self.integer(parts[1], of: text)]
        edits.append(.set(Self.path("process.ioPriority"), .object(value)))
    }

    mutating func environment(_ text: String) throws {
        let (name, value) = try Self.pair(text)
        edits.append(.environment(name: name, value: value))
    }

    /// Empty lines and lines that start with `#` are skipped; values are taken as they are.
    mutating func environmentFile(_ path: String) throws {
        guard let text = String(validating: try Self.file(path), as: UTF8.self) else {
            throw Failure("the environment file \(path) is not UTF-8")
        }
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                throw Failure("the environment file \(path) has a line that is not NAME=VALUE: '\(line)'")
            }
            let value = String(line[line.index(after: equals)...])
            edits.append(.environment(name: String(line[..<equals]), value: value))
        }
    }

    mutating func addCapabilities(_ names: String, _ sets: String...) {
        edits.append(.addCapabilities(Self.words(names), sets: sets))
    }

    mutating func dropCapabilities(_ names: String, _ sets: String...) {
        edits.append(.dropCapabilities(Self.words(names), sets: sets))
    }

    mutating func dropAllCapabilities() {
        for set in ["bounding", "effective", "inheritable", "permitted", "ambient"] {
            edits.append(.set(Self.path("process.capabilities").appending(.key(set)), .array([])))
        }
    }

    mutating func privileged() {
        edits.append(.addCapabilities(RuntimeSpec.Capabilities.names, sets: []))
        for path: StaticString in [
            "linux.seccomp", "linux.maskedPaths", "linux.readonlyPaths", "process.apparmorProfile",
            "process.selinuxLabel",
        ] { unset(path) }
        edits.append(.set(Self.path("linux.resources.devices"), [["allow": true, "access": "rwm"]]))
    }
}
