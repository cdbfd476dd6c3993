import ArgumentParser
import Glibc
import LinuxSystem
import OCIConfig

/// Collects what flags come to. Malformed values throw `ValidationError`, so they are wrong usage; what does not fit
/// the specification is found when the edits are made.
struct EditList {
    var edits: [ConfigEdit] = []

    mutating func append(_ edit: ConfigEdit) { edits.append(edit) }

    mutating func set(_ path: StaticString, _ text: String?) {
        if let text { edits.append(.setText(Self.path(path), text)) }
    }

    mutating func set(_ path: StaticString, _ truth: Bool?) {
        if let truth { edits.append(.set(Self.path(path), .bool(truth))) }
    }

    mutating func unset(_ path: StaticString) { edits.append(.unset(Self.path(path))) }

    /// Removes a member of a map.
    mutating func unset(_ path: StaticString, _ key: String) {
        edits.append(.unset(Self.path(path).appending(.key(key))))
    }

    mutating func remove(_ path: StaticString, _ pattern: JSONValue) { edits.append(.remove(Self.path(path), pattern)) }

    /// Adds a string to a list that holds it once.
    mutating func add(_ path: StaticString, _ text: String) {
        edits.append(.put(Self.path(path), .string(text), keys: []))
    }

    mutating func appendText(_ path: StaticString, _ text: String) {
        edits.append(.appendText(Self.path(path), text))
    }

    mutating func put(_ path: StaticString, _ value: JSONValue, keys: [String]) {
        edits.append(.put(Self.path(path), value, keys: keys))
    }

    mutating func addInteger(_ path: StaticString, _ text: String) throws {
        put(path, try Self.integer(text, of: text), keys: [])
    }

    mutating func removeInteger(_ path: StaticString, _ text: String) throws {
        remove(path, try Self.integer(text, of: text))
    }

    /// Adds an element given as JSON.
    mutating func json(_ path: StaticString, _ text: String) throws {
        edits.append(.append(Self.path(path), try Self.json(text)))
    }

    /// Sets a member of a map from `KEY=VALUE`.
    mutating func pair(_ path: StaticString, _ text: String) throws {
        let (key, value) = try Self.pair(text)
        edits.append(.set(Self.path(path).appending(.key(key)), .string(value)))
    }
}

// MARK: Parsing
extension EditList {
    /// A path written here; a test makes an edit of every flag.
    static func path(_ text: StaticString) -> ConfigPath {
        do { return try ConfigPath(parsing: "\(text)") } catch { preconditionFailure("\(error)") }
    }

    static func malformed(_ text: String, _ form: String) -> ValidationError {
        ValidationError("'\(text)' cannot be understood; give \(form)")
    }

    static func pair(_ text: String, _ form: String = "NAME=VALUE") throws -> (String, String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw malformed(text, form) }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    /// Exactly `count` parts between colons.
    static func parts(_ text: String, _ count: Int, _ form: String) throws -> [String] {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count, !parts.contains("") else { throw malformed(text, form) }
        return parts
    }

    static func integer(_ text: some StringProtocol, of whole: String) throws -> JSONValue {
        if text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) { return JSONValue(value) }
        if text.hasPrefix("0o"), let value = UInt64(text.dropFirst(2), radix: 8) { return JSONValue(value) }
        if let value = Int64(text), !text.hasPrefix("+") { return JSONValue(value) }
        if let value = UInt64(text), !text.hasPrefix("+") { return JSONValue(value) }
        throw ValidationError("'\(text)' in '\(whole)' is no whole number of 64 bits")
    }

    static func json(_ text: String) throws -> JSONValue {
        do {
            return try JSONCoding.parse(Array(text.utf8))
        } catch {
            throw ValidationError("'\(text)' is not JSON: \(error)")
        }
    }

    /// The words of a list with commas.
    static func words(_ text: String) -> [String] {
        text.split(separator: ",").map(String.init)
    }

    static func file(_ path: String) throws -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY)
        do {
            return try file.contents(limit: 16 << 20)
        } catch {
            throw SystemError(code: error.code, operation: "read", subject: path)
        }
    }
}
