internal import LinuxSystem

/// A place in a rootfs: its components, none of them empty, `.` or `..`. No components are the root itself.
struct EntryPath: Hashable, Sendable, CustomStringConvertible {
    private(set) var components: [FileName]

    /// More components than any path that the kernel takes could be meant to have.
    static let deepest = 512

    static let root = EntryPath(components: [])

    private init(components: [FileName]) {
        self.components = components
    }

    /// Leading slashes, `.` and doubled slashes are dropped: archives are written with `./` and `/` in front. `..` is
    /// refused, even where it would not lead out.
    init(_ bytes: [UInt8]) throws(Unsafe) {
        components = []
        if bytes.isEmpty { throw Unsafe("an empty name") }
        for part in bytes.split(separator: 0x2f) {
            if part.elementsEqual([0x2e]) { continue }
            if part.elementsEqual([0x2e, 0x2e]) { throw Unsafe("'..' in a name") }
            if part.count > 255 { throw Unsafe("a name component of \(part.count) bytes") }
            guard let name = FileName(part) else { throw Unsafe("a zero byte in a name") }
            components.append(name)
        }
        if components.count > Self.deepest { throw Unsafe("a path of \(components.count) components") }
    }

    /// Why a name is not taken.
    struct Unsafe: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    var isRoot: Bool { components.isEmpty }
    var name: FileName? { components.last }
    var parent: EntryPath { EntryPath(components: components.dropLast()) }
    func appending(_ name: FileName) -> EntryPath { EntryPath(components: components + [name]) }

    func prefix(_ count: Int) -> EntryPath { EntryPath(components: Array(components.prefix(count))) }

    func isBelow(_ other: EntryPath) -> Bool {
        components.count > other.components.count && components.starts(with: other.components)
    }

    var description: String { "/" + components.map(\.description).joined(separator: "/") }
}
