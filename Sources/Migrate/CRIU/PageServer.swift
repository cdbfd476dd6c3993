internal import Glibc
internal import LinuxSystem

/// The receiving end of CRIU's page-server protocol: CRIU connects during a dump and hands over every page, which
/// goes to a `PageSetSender` straight from the socket.
///
/// Source: CRIU `criu/page-xfer.c`. Requests are 32 bytes: u32 command (flags in the high half), u32 padding, u64 count
/// of pages, u64 address, u64 memory (number << 8 | kind). Before CRIU 4.2 they were 24: the count was a u32.
final class PageServer: Sendable {
    private enum Command {
        static let add: UInt32 = 1
        static let open2: UInt32 = 4
        static let addWithFlags: UInt32 = 6
        static let close: UInt32 = 0x1023
        static let forceClose: UInt32 = 0x1024
    }

    private struct Request {
        static let size = 32
        static let oldSize = 24
        var command: UInt32
        var flags: UInt32
        var pages: UInt64
        var address: UInt64
        var memory: UInt64

        /// - Parameter bytes: of either size.
        init(_ bytes: UnsafeRawBufferPointer) {
            let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            command = word & 0xffff
            flags = word >> 16
            if bytes.count == Self.oldSize {
                pages = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            } else {
                pages = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            address = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 16, as: UInt64.self))
            memory = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self))
        }
    }

    private let listener: Descriptor
    private let stop: (read: Descriptor, write: Descriptor)
    /// The port on 127.0.0.1 that CRIU has to be told.
    let port: UInt16

    init() throws(SystemError) {
        (listener, port) = try Descriptor.listenOnLoopback()
        stop = try Descriptor.pipe()
    }

    /// Makes a `serve` that still waits for its connection return: CRIU ended without one.
    func cancel() {
        try? stop.write.write(all: [0])
    }

    /// Serves one dump, to its end. Blocks.
    /// - Parameter finish: called when CRIU has sent everything, before it is told that all arrived. Where it throws,
    ///   CRIU is told so: the dump fails, and the container runs on.
    /// - Returns: false where `cancel` came before a connection.
    func serve(to sender: PageSetSender, finish: () throws -> Void) throws -> Bool {
        guard let connection = try acceptFromRoot() else { return false }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Page.batch * Page.size, alignment: Page.size)
        defer { buffer.deallocate() }
        var current: MemoryID?
        var requestSize: Int?
        while true {
            let request = try Self.request(from: connection, buffer, size: &requestSize)
            switch request.command {
            case Command.open2:
                current = try Self.memory(request)
                try sender.begin(current!)
                // No parent: comparing is our work, CRIU shall send every page.
                try connection.write(all: [0])
            case Command.add, Command.addWithFlags:
                let memory = try Self.memory(request)
                if memory != current {
                    current = memory
                    try sender.begin(memory)
                }
                // A bare `add` means present pages.
                let flags = request.command == Command.add ? Pagemap.Content.present.rawValue : request.flags
                guard flags & Pagemap.Content.present.rawValue != 0 else {
                    throw MigrateError(.malformed, "CRIU sent pages without content to a page server with no parent")
                }
                try Self.take(request, from: connection, buffer, to: sender)
            case Command.close, Command.forceClose:
                do {
                    try finish()
                    try connection.write(all: [0, 0, 0, 0])
                } catch {
                    try? connection.write(all: [0xff, 0xff, 0xff, 0xff])
                    throw error
                }
                return true
            default:
                throw MigrateError(.malformed, "CRIU sent page-server command \(request.command), which is unknown")
            }
        }
    }

    private static func take(
        _ request: Request, from connection: Descriptor, _ buffer: UnsafeMutableRawBufferPointer,
        to sender: PageSetSender
    ) throws {
        guard request.pages > 0, request.pages < 1 << 40, request.address % UInt64(Page.size) == 0,
            request.address.addingReportingOverflow(request.pages * UInt64(Page.size)).overflow == false
        else { throw MigrateError(.malformed, "CRIU sent an impossible range of pages") }
        var address = request.address
        var rest = request.pages
        while rest > 0 {
            let count = min(rest, UInt64(Page.batch))
            let batch = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(Int(count) * Page.size)])
            guard try connection.readFully(into: batch) == batch.count else {
                throw MigrateError(.malformed, "CRIU's connection to the page server broke off")
            }
            try sender.add(address, UnsafeRawBufferPointer(batch))
            address += count * UInt64(Page.size)
            rest -= count
        }
    }

    /// - Parameter size: nil for the first request, which is an `open2` without an address: where the address would be,
    ///   the old form has the memory.
    private static func request(
        from connection: Descriptor, _ buffer: UnsafeMutableRawBufferPointer, size: inout Int?
    ) throws -> Request {
        func fill(_ range: Range<Int>) throws {
            guard try connection.readFully(into: .init(rebasing: buffer[range])) == range.count else {
                throw MigrateError(.malformed, "CRIU's connection to the page server broke off")
            }
        }
        try fill(0..<Request.oldSize)
        let isOld = buffer.loadUnaligned(fromByteOffset: Request.oldSize - 8, as: UInt64.self) != 0
        let wanted = size ?? (isOld ? Request.oldSize : Request.size)
        size = wanted
        try fill(Request.oldSize..<wanted)
        return Request(UnsafeRawBufferPointer(rebasing: buffer[..<wanted]))
    }

    private static func memory(_ request: Request) throws(MigrateError) -> MemoryID {
        guard let kind = MemoryID.Kind(rawValue: UInt8(truncatingIfNeeded: request.memory)) else {
            throw MigrateError(.malformed, "CRIU sent pages of unknown kind \(request.memory & 0xff)")
        }
        return MemoryID(kind: kind, number: request.memory >> 8)
    }

    /// The port is open to every user of the machine, so a connection counts only when its other end is root's.
    private func acceptFromRoot() throws -> Descriptor? {
        while true {
            guard try Descriptor.waitForInput(of: [stop.read, listener]) == 1 else { return nil }
            let (connection, peerPort) = try listener.accept()
            if Self.owner(ofLoopbackPort: peerPort, connectedTo: port) == 0 { return connection }
        }
    }

    /// The user id that owns the socket on the other side of a loopback connection (proc_net(5), `tcp`).
    static func owner(ofLoopbackPort peerPort: UInt16, connectedTo port: UInt16) -> UInt32? {
        let here = hexAddress(peerPort)
        let there = hexAddress(port)
        for line in (Files.text(of: "/proc/net/tcp") ?? "").split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if fields.count > 7, fields[1] == here, fields[2] == there { return UInt32(fields[7]) }
        }
        return nil
    }

    private static func hexAddress(_ port: UInt16) -> String {
        let digits = String(port, radix: 16, uppercase: true)
        return "0100007F:" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
