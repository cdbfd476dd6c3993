/// What `stat` and `getfattr` say of every file of a tree: an oracle that shares no code with ours.
package enum TreeListing {
    /// One line for each file: path, type, mode, owner, size, device, number of links, time; then extended attributes.
    /// - Parameter times: leave out for trees that were made at different times.
    package static func of(_ path: String, times: Bool = true) async throws -> [String] {
        let time = times ? "|%.9Y" : ""
        let files = try await Tool.shell(
            """
            find . -mindepth 1 ! -type d -exec stat -c '%n|%F|%a|%u:%g|%s|%t:%T|%h|%N\(time)' {} +
            find . -type d -exec stat -c '%n|%F|%a|%u:%g\(time)' {} +
            """, in: path)
        let attributes = try await Tool.shell(
            "getfattr -R -h -d -m - -e hex --absolute-names . 2>/dev/null || :", in: path)
        let sums = try await Tool.shell("find . -type f -exec sha256sum {} +", in: path)
        return (files + sums).split(separator: "\n").map(String.init).sorted() + [attributes]
    }

    /// The groups of names that are the same file.
    package static func hardlinks(of path: String) async throws -> [[String]] {
        let lines = try await Tool.shell("find . ! -type d -links +1 -printf '%i %P\\0'", in: path)
        var groups: [Substring: [String]] = [:]
        // A name may hold a newline.
        for line in lines.split(separator: "\0") {
            let parts = line.split(separator: " ", maxSplits: 1)
            groups[parts[0], default: []].append(String(parts[1]))
        }
        return groups.values.map { $0.sorted() }.sorted { $0[0] < $1[0] }
    }
}
