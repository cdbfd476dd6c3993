/// Where something is in a document: `linux.resources.cpu.shares`, `mounts[2].options[0]`,
/// `annotations["com.example.key"]`.
public struct ConfigPath: Sendable, Hashable, CustomStringConvertible {
    /// One step into an object or an array.
    public enum Step: Sendable, Hashable {
        /// The member of an object.
        case key(String)
        /// The element of an array, counted from 0.
        case index(Int)
    }

    /// From the root on.
    public var steps: [Step]

    /// The path of `steps`; without any, the document itself.
    public init(_ steps: [Step] = []) {
        self.steps = steps
    }

    init(codingPath: [any CodingKey]) {
        steps = codingPath.map { key in key.intValue.map(Step.index) ?? .key(key.stringValue) }
    }

    /// The path with one more step.
    public func appending(_ step: Step) -> ConfigPath {
        ConfigPath(steps + [step])
    }

    /// As it is written; a key with other characters than letters, digits, `_` and `-` stands in brackets and quotes.
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where key.utf8.allSatisfy(Self.isPlain) && !key.isEmpty:
                text += text.isEmpty ? key : ".\(key)"
            case .key(let key):
                text += "[\(String(decoding: JSONCoding.text(.string(key), pretty: false), as: UTF8.self))]"
            }
        }
        return text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ConfigPath {
    /// Parses a path as a person writes it. Keys are separated by dots; a key with dots in it may be written in
    /// brackets and quotes, or with `\.`; an index in brackets or between dots: `mounts[2]`, `mounts.2`.
    /// - Throws: ``ConfigError`` when brackets or quotes do not match, or a key is empty.
    public init(parsing text: String) throws(ConfigError) {
        var steps: [Step] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.first {
            if first == "[" {
                steps.append(try Self.bracket(&rest, in: text))
            } else {
                if !steps.isEmpty {
                    guard first == "." else { throw Self.malformed(text, "expected '.' or '[' after ']'") }
                    rest.removeFirst()
                }
                steps.append(.key(try Self.key(&rest, in: text)))
            }
        }
        self.init(steps)
    }

    private static func key(
        _ rest: inout String.UnicodeScalarView.SubSequence, in text: String
    ) throws(ConfigError) -> String {
        var key = String.UnicodeScalarView()
        while let scalar = rest.first, scalar != ".", scalar != "[" {
            rest.removeFirst()
            if scalar == "\\", let escaped = rest.popFirst() { key.append(escaped) } else { key.append(scalar) }
        }
        if key.isEmpty { throw malformed(text, "a key is empty") }
        return String(key)
    }

    private static func bracket(
        _ rest: inout String.UnicodeScalarView.SubSequence, in text: String
    ) throws(ConfigError) -> Step {
        rest.removeFirst()
        if rest.first == "\"" {
            var end = rest.index(after: rest.startIndex)
            while end < rest.endIndex, rest[end] != "\"" {
                end = rest.index(after: end)
                if rest[rest.index(before: end)] == "\\", end < rest.endIndex { end = rest.index(after: end) }
            }
            guard end < rest.endIndex, case let after = rest.index(after: end), after < rest.endIndex,
                rest[after] == "]", let key = try JSONCoding.parse(Array(String(rest[...end]).utf8)).text
            else { throw malformed(text, "a quoted key must end with \"]") }
            rest = rest[rest.index(after: after)...]
            return .key(key)
        }
        guard let end = rest.firstIndex(of: "]"), let index = Int(String(rest[..<end])), index >= 0 else {
            throw malformed(text, "brackets hold an index, or a key in quotes")
        }
        rest = rest[rest.index(after: end)...]
        return .index(index)
    }

    private static func malformed(_ text: String, _ problem: String) -> ConfigError {
        ConfigError(.malformed, "the path '\(text)' cannot be understood: \(problem)")
    }
}
