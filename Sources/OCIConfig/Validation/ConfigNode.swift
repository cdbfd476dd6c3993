/// A place in a document, with what stands there, if anything. Wrong types read as absent: one rule reports them.
struct ConfigNode: Sendable {
    let path: ConfigPath
    let value: JSONValue?

    subscript(_ key: String) -> ConfigNode {
        ConfigNode(path: path.appending(.key(key)), value: value?.members?[key])
    }

    var exists: Bool { value != nil }
    var text: String? { value?.text }
    var truth: Bool? { value?.truth }

    /// The number, where it is one of 64 bits.
    var integer: Int64? { value?.number(Int64.self) }
    /// The number, where it is one of 64 bits and not negative.
    var unsigned: UInt64? { value?.number(UInt64.self) }

    /// The elements of an array.
    var elements: [ConfigNode] {
        (value?.elements ?? []).enumerated().map { ConfigNode(path: path.appending(.index($0)), value: $1) }
    }

    /// The members of an object, by key.
    var members: [(key: String, node: ConfigNode)] {
        (value?.members ?? [:]).keys.sorted().map { ($0, self[$0]) }
    }

    /// The strings of an array.
    var texts: [String] { elements.compactMap(\.text) }
}

/// For which platform a configuration is, as its sections tell.
enum Platform {
    case linux, windows, solaris, zos, freebsd

    var isPOSIX: Bool { self != .windows }
}

extension ConfigNode {
    /// Of the whole configuration.
    var platform: Platform {
        if self["linux"].exists { return .linux }
        if self["windows"].exists { return .windows }
        if self["solaris"].exists { return .solaris }
        if self["zos"].exists { return .zos }
        if self["freebsd"].exists { return .freebsd }
        return .linux
    }

    /// Whether the container has a namespace of the type, new or joined.
    func hasNamespace(_ type: String) -> Bool {
        self["linux"]["namespaces"].elements.contains { $0["type"].text == type }
    }

    /// The version that the configuration follows, as far as it counts: major, minor, patch.
    var version: [Int]? {
        guard let text = self["ociVersion"].text, SemanticVersion.isValid(text) else { return nil }
        let core = text.prefix { $0 != "-" && $0 != "+" }
        let numbers = core.split(separator: ".").compactMap { Int($0) }
        return numbers.count == 3 ? numbers : nil
    }
}
