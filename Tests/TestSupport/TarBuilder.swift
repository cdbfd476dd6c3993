/// Builds tar archives byte by byte, right or deliberately wrong.
package struct TarBuilder {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// One header block and its data.
    package struct Entry {
        package var name: String
        package var type: Character = "0"
        package var content: [UInt8] = []
        package var link = ""
        package var mode = 0o644
        package var user = 0
        package var group = 0
        package var time = 1_000_000_000
        package var major = 0
        package var minor = 0
        /// What the header says of the size, if that is not the content's.
        package var statedSize: Int?
        /// Records of a pax header in front.
        package var pax: [(String, [UInt8])] = []

        package init(_ name: String, _ type: Character = "0", _ content: String = "", link: String = "") {
            self.name = name
            self.type = type
            self.content = Array(content.utf8)
            self.link = link
            if type == "5" { mode = 0o755 }
        }

        package func with(_ change: (inout Entry) -> Void) -> Entry {
            var copy = self
            change(&copy)
            return copy
        }
    }

    package mutating func add(_ entry: Entry) {
        if !entry.pax.isEmpty {
            let body = entry.pax.flatMap { Self.record($0.0, $0.1) }
            block(Entry("PaxHeaders/x", "x").with { $0.content = body })
        }
        block(entry)
    }

    package mutating func add(_ name: String, _ type: Character = "0", _ content: String = "", link: String = "") {
        add(Entry(name, type, content, link: link))
    }

    /// A header block with any type and any data behind it.
    package mutating func block(_ entry: Entry) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, _ offset: Int, _ count: Int) {
            for (index, byte) in text.prefix(count).enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, _ offset: Int, _ count: Int) {
            let digits = String(number, radix: 8)
            put((String(repeating: "0", count: max(0, count - 1 - digits.count)) + digits).utf8, offset, count - 1)
        }
        put(entry.name.utf8, 0, 100)
        octal(entry.mode, 100, 8)
        octal(entry.user, 108, 8)
        octal(entry.group, 116, 8)
        octal(entry.statedSize ?? entry.content.count, 124, 12)
        octal(entry.time, 136, 12)
        put([UInt8](repeating: 0x20, count: 8), 148, 8)
        put(String(entry.type).utf8, 156, 1)
        put(entry.link.utf8, 157, 100)
        put("ustar\u{0}00".utf8, 257, 8)
        octal(entry.major, 329, 8)
        octal(entry.minor, 337, 8)
        let sum = header.reduce(0) { $0 + Int($1) }
        octal(sum, 148, 7)
        header[155] = 0x20
        bytes += header + entry.content
        bytes += [UInt8](repeating: 0, count: (512 - entry.content.count % 512) % 512)
    }

    package static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let body = Array(" \(key)=".utf8) + value + [0x0a]
        var length = body.count + 1
        while "\(length)".utf8.count + body.count != length { length = "\(length)".utf8.count + body.count }
        return Array("\(length)".utf8) + body
    }

    /// The archive with its end mark.
    package func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// An archive of these entries.
    package static func archive(_ entries: [Entry]) -> [UInt8] {
        var builder = TarBuilder()
        for entry in entries { builder.add(entry) }
        return builder.finished()
    }
}
