/// What differs between two documents at one path.
public struct ConfigDifference: Sendable, Hashable, Codable {
    /// Where.
    public let path: String
    /// What stands in the first document; nil when nothing does.
    public let old: JSONValue?
    /// What stands in the second document; nil when nothing does.
    public let new: JSONValue?

    /// Everything that differs, in the order of the paths. Objects are compared member by member and arrays element
    /// by element; an array of strings of another length is one difference for each string that came or went.
    public static func between(_ old: JSONValue, _ new: JSONValue) -> [ConfigDifference] {
        var differences: [ConfigDifference] = []
        compare(old, new, ConfigPath(), &differences)
        return differences
    }

    private static func compare(
        _ old: JSONValue?, _ new: JSONValue?, _ path: ConfigPath, _ differences: inout [ConfigDifference]
    ) {
        switch (old, new) {
        case (.object(let left), .object(let right)):
            for key in Set(left.keys).union(right.keys).sorted() {
                compare(left[key], right[key], path.appending(.key(key)), &differences)
            }
        case (.array(let left), .array(let right)):
            // Keeps elements that only moved from being listed as changed.
            let changes = right.difference(from: left)
            var removed = changes.removals.compactMap { change -> (Int, JSONValue)? in
                if case .remove(let offset, let element, _) = change { (offset, element) } else { nil }
            }
            for case .insert(let offset, let element, _) in changes.insertions {
                if let same = removed.firstIndex(where: { $0.0 == offset }) {
                    compare(removed.remove(at: same).1, element, path.appending(.index(offset)), &differences)
                } else {
                    differences.append(
                        ConfigDifference(path: "\(path.appending(.index(offset)))", old: nil, new: element))
                }
            }
            for (offset, element) in removed {
                differences.append(ConfigDifference(path: "\(path.appending(.index(offset)))", old: element, new: nil))
            }
        default:
            if old != new { differences.append(ConfigDifference(path: "\(path)", old: old, new: new)) }
        }
    }
}
