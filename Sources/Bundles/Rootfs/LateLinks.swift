internal import Glibc
internal import LinuxSystem

/// Hardlinks whose target has not come yet, any number of them: their names wait in a file without a name, and memory
/// holds a hash and a place for each.
final class LateLinks {
    private let folder: Descriptor
    private var file: Descriptor?
    private var end = 0
    /// Where the link that waits for a path is in the file, by the path's hash.
    private var places = CompactTable<Int>()
    /// Up to where all have been tried since the last one came.
    private var tried = 0

    /// - Parameter folder: where there is room.
    init(in folder: Descriptor) {
        self.folder = folder
    }

    private static func key(_ path: EntryPath) -> UInt64 { UInt64(bitPattern: Int64(path.hashValue)) }

    func add(_ path: EntryPath, to target: EntryPath) throws {
        let file = try file ?? Descriptor.openUnnamed(in: folder)
        self.file = file
        let names = [path, target].map(\.relative.bytes)
        let lengths = names.map { UInt32($0.count) }
        let record = lengths.withUnsafeBytes { Array($0) } + names[0] + names[1]
        try record.withUnsafeBytes { try file.write(all: $0, at: end) }
        places.set(Self.key(path), to: end)
        end += record.count
    }

    /// Something else has come for this path.
    func cancel(_ path: EntryPath) {
        if places.count > 0 { places.remove(Self.key(path)) }
    }

    private struct Link {
        let path: EntryPath
        let target: EntryPath
        let next: Int
    }

    private func read(_ place: Int) throws -> Link {
        func bytes(_ count: Int, at offset: Int) throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let got = try bytes.withUnsafeMutableBytes { try file?.readFully(into: $0, at: offset) ?? 0 }
            if got != count { throw SystemError(code: EIO, operation: "read", subject: "the late hardlinks") }
            return bytes
        }
        let lengths = try bytes(8, at: place).withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)).map(Int.init) }
        let names = try bytes(lengths[0] + lengths[1], at: place + 8)
        return Link(
            path: try EntryPath(Array(names[..<lengths[0]])), target: try EntryPath(Array(names[lengths[0]...])),
            next: place + 8 + names.count)
    }

    /// The ones that wait, in the order in which they came.
    private func forEach(from start: Int = 0, _ body: (Link, Int) throws -> Void) throws {
        var place = start
        while places.count > 0, place < end {
            let link = try read(place)
            if places[Self.key(link.path)] == place { try body(link, place) }
            place = link.next
        }
    }

    /// Tries those that came since the last time.
    /// - Parameter make: false if the target is not there.
    func tryNew(_ make: (EntryPath, EntryPath) throws -> Bool) throws {
        try forEach(from: tried) { link, _ in
            if try make(link.path, link.target) { places.remove(Self.key(link.path)) }
        }
        tried = end
    }

    /// Makes all of them. Where a link's target waits itself, that one comes first.
    /// - Returns: one whose target is not there; nil if there is none.
    func finish(
        _ make: (EntryPath, EntryPath) throws -> Bool
    ) throws -> (path: EntryPath, target: EntryPath)? {
        // By way of symlinks a target's path need not be the one that it waits under: then another round finds it.
        for _ in 0..<16 where places.count > 0 {
            let before = places.count
            var left: [Int] = []
            try forEach { _, place in
                if let failed = try resolve(place, make), left.count < 1000 { left.append(failed) }
            }
            for place in left { places.set(Self.key(try read(place).path), to: place) }
            if places.count == before { break }
        }
        var missing: (EntryPath, EntryPath)?
        try forEach { link, _ in if missing == nil { missing = (link.path, link.target) } }
        return missing
    }

    /// Makes one link, and first those that its target waits for.
    /// - Returns: the place of one that could not be made.
    private func resolve(_ place: Int, _ make: (EntryPath, EntryPath) throws -> Bool) throws -> Int? {
        var stack = [place]
        while let top = stack.last {
            let link = try read(top)
            // Taken out at once, so that links in a circle end.
            places.remove(Self.key(link.path))
            if try make(link.path, link.target) {
                stack.removeLast()
            } else if let next = places[Self.key(link.target)] {
                stack.append(next)
            } else {
                return top
            }
        }
        return nil
    }
}
