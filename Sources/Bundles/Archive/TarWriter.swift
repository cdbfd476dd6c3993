internal import Glibc
internal import LinuxSystem

/// Writes a tar archive: ustar, with pax headers for what does not fit. The same entries give the same bytes.
final class TarWriter {
    private let output: (UnsafeRawBufferPointer) throws -> Void
    private static let block = 512

    /// - Parameter output: takes the archive's bytes as they come.
    init(_ output: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.output = output
    }

    /// A file of our own making: 0644, root's, of 1970.
    func add(_ path: String, _ content: [UInt8]) throws {
        var entry = TarEntry()
        entry.path = Array(path.utf8)
        entry.mode = 0o644
        entry.size = content.count
        try add(entry)
        try content.withUnsafeBytes { try data($0) }
        try pad(content.count)
    }

    func add(_ path: String, _ file: Descriptor, size: Int) throws {
        var entry = TarEntry()
        entry.path = Array(path.utf8)
        entry.mode = 0o644
        entry.size = size
        try add(entry, content: file)
    }

    /// An entry and a file's content, exactly `entry.size` bytes of it.
    func add(_ entry: TarEntry, content file: Descriptor) throws {
        try add(entry)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var done = 0
        while done < entry.size {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(entry.size - done))
            let count = try file.read(into: part, at: done)
            if count == 0 { throw BundleError(.system, "'\(entry.name)' became shorter while it was read") }
            try data(UnsafeRawBufferPointer(rebasing: part[..<count]))
            done += count
        }
        try pad(entry.size)
    }

    /// The header alone; `data` and `pad` follow.
    func add(_ entry: TarEntry) throws {
        var pax: [(String, [UInt8])] = []
        if entry.path.count > 100 { pax.append(("path", entry.path)) }
        if entry.linkTarget.count > 100 { pax.append(("linkpath", entry.linkTarget)) }
        if entry.user > 0o7777777 { pax.append(("uid", Array("\(entry.user)".utf8))) }
        if entry.group > 0o7777777 { pax.append(("gid", Array("\(entry.group)".utf8))) }
        if entry.size > 0o77777777777 { pax.append(("size", Array("\(entry.size)".utf8))) }
        if entry.nanoseconds != 0 || entry.seconds < 0 || entry.seconds > 0o77777777777 {
            pax.append(("mtime", Array(Self.time(entry).utf8)))
        }
        for (name, value) in entry.attributes {
            pax.append(("SCHILY.xattr.\(String(decoding: name, as: UTF8.self))", value))
        }
        if !pax.isEmpty {
            let body = pax.flatMap { Self.record($0.0, $0.1) }
            var header = TarEntry()
            header.path = Array("PaxHeaders/entry".utf8)
            header.mode = 0o644
            header.size = body.count
            try write(header, type: "x")
            try body.withUnsafeBytes { try data($0) }
            try pad(body.count)
        }
        try write(entry, type: Self.type(of: entry.kind))
    }

    func finish() throws {
        let end = [UInt8](repeating: 0, count: 2 * Self.block)
        try end.withUnsafeBytes { try data($0) }
    }

    func data(_ bytes: UnsafeRawBufferPointer) throws { try output(bytes) }

    func pad(_ count: Int) throws {
        let zeros = [UInt8](repeating: 0, count: (Self.block - count % Self.block) % Self.block)
        try zeros.withUnsafeBytes { try data($0) }
    }

    private static func type(of kind: TarEntry.Kind) -> Unicode.Scalar {
        switch kind {
        case .file: "0"
        case .hardlink: "1"
        case .symlink: "2"
        case .characterDevice: "3"
        case .blockDevice: "4"
        case .directory: "5"
        case .fifo: "6"
        }
    }

    private static func time(_ entry: TarEntry) -> String {
        if entry.nanoseconds == 0 { return "\(entry.seconds)" }
        // Before 1970 the fraction counts backwards in this notation.
        let negative = entry.seconds < 0
        let seconds = negative ? -(entry.seconds + 1) : entry.seconds
        let fraction = "\(negative ? 1_000_000_000 - entry.nanoseconds : entry.nanoseconds)"
        return (negative ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }

    static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let body = Array(" \(key)=".utf8) + value + [0x0a]
        var length = body.count + 1
        while "\(length)".utf8.count + body.count != length { length = "\(length)".utf8.count + body.count }
        return Array("\(length)".utf8) + body
    }

    private func write(_ entry: TarEntry, type: Unicode.Scalar) throws {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ bytes: some Sequence<UInt8>, _ offset: Int, _ count: Int) {
            for (index, byte) in bytes.prefix(count).enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, _ offset: Int, _ count: Int) {
            let digits = String(max(0, number), radix: 8)
            // What does not fit stands in the pax header.
            let text =
                digits.utf8.count < count ? String(repeating: "0", count: count - 1 - digits.utf8.count) + digits : "0"
            put(text.utf8, offset, count - 1)
        }
        put(entry.path, 0, 100)
        octal(Int(entry.mode), 100, 8)
        octal(Int(entry.user), 108, 8)
        octal(Int(entry.group), 116, 8)
        octal(entry.size, 124, 12)
        octal(entry.seconds, 136, 12)
        put([UInt8](repeating: 0x20, count: 8), 148, 8)
        header[156] = UInt8(ascii: type)
        put(entry.linkTarget, 157, 100)
        put("ustar\u{0}00".utf8, 257, 8)
        if entry.kind == .characterDevice || entry.kind == .blockDevice {
            octal(Int(entry.deviceMajor), 329, 8)
            octal(Int(entry.deviceMinor), 337, 8)
        }
        let sum = header.reduce(0) { $0 + Int($1) }
        octal(sum, 148, 7)
        try header.withUnsafeBytes { try data($0) }
    }
}

/// A new archive file: whole under its name, or not there.
enum NewArchive {
    static func write(to path: String, _ body: (TarWriter) throws -> Void) throws {
        if Files.exists(path) {
            throw BundleError(.exists, "\(path) is there already; remove it or choose another name")
        }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = FileName(slash.map { String(path[path.index(after: $0)...]) } ?? path)
        do {
            let directory = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
            let temporary = FileName(".bundletool-archive-\(getpid())-\(UInt32.random(in: 0 ... .max))")
            let file = try directory.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
            do {
                let tar = TarWriter { try file.write(all: $0) }
                try body(tar)
                try tar.finish()
                try directory.rename(temporary, to: name, in: directory)
            } catch {
                try? directory.remove(temporary)
                throw error
            }
        } catch {
            throw BundleError.wrap(error, "cannot write \(path)")
        }
    }
}
