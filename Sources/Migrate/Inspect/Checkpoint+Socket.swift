internal import Glibc

extension Checkpoint {
    /// A socket, whoever has it open.
    package struct Socket: Encodable, Sendable {
        package struct User: Encodable, Sendable {
            package let pid: UInt32
            package let descriptor: UInt32
        }

        package let id: UInt32
        package let inode: UInt32?
        /// `inet`, `inet6`, `unix`, `netlink` or `packet`.
        package let family: String
        /// `stream`, `dgram`, `raw`, `seqpacket`; nil for netlink.
        package var type: String?
        /// `tcp`, `udp` and so on; a number for others.
        package var `protocol`: String?
        /// The kernel's name of its state: `ESTABLISHED`, `LISTEN`, `CLOSE` …
        package let state: String?
        /// `127.0.0.1:80`, `[::1]:80`, a path, or `@` and an abstract name.
        package var local: String?
        package var remote: String?
        /// The inode of the other end of a Unix socket.
        package var peer: UInt32?
        /// Bytes that the container has not read yet.
        package var received: UInt32?
        /// Bytes that the other end has not acknowledged, or that are still to be sent.
        package var unsent: UInt32?
        package var users: [User] = []

        /// Nil for a file that is no socket.
        init?(type: UInt64, _ record: ProtobufMessage) throws {
            switch type {
            case 4: try self.init(internet: Self.entry(record, 4))
            case 5: try self.init(unix: Self.entry(record, 16))
            case 10: try self.init(other: Self.entry(record, 6), "packet")
            case 13: try self.init(other: Self.entry(record, 7), "netlink")
            default: return nil
            }
        }

        /// One line for a list of files.
        var description: String {
            let ends = [local, remote.map { "→ \($0)" }].compactMap(\.self).joined(separator: " ")
            return [
                `protocol` ?? family, type.flatMap { `protocol` == nil ? $0 : nil }, ends.isEmpty ? nil : ends, state,
            ]
            .compactMap(\.self).joined(separator: " ")
        }
    }
}

extension Checkpoint.Socket {
    private static let types = ["", "stream", "dgram", "raw", "rdm", "seqpacket"]
    /// `include/net/tcp_states.h`; other kinds of sockets use the same numbers.
    private static let states = [
        "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
        "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
    ]
    private static let protocols: [UInt64: String] = [1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 136: "udplite"]

    private static func entry(_ record: ProtobufMessage, _ field: UInt64) throws -> ProtobufMessage {
        guard let entry = try record.message(field) else {
            throw MigrateError(.malformed, "a socket is not described")
        }
        return entry
    }

    /// `inet_sk_entry`.
    private init(internet entry: ProtobufMessage) throws {
        id = try entry.required32(1, "id")
        inode = try entry.required32(2, "inode")
        let family = try entry.required(3, "family")
        guard family == UInt64(AF_INET) || family == UInt64(AF_INET6) else {
            throw MigrateError(.malformed, "an internet socket is of family \(family)")
        }
        self.family = family == UInt64(AF_INET) ? "inet" : "inet6"
        type = Checkpoint.name(try entry.required(4, "type"), Self.types)
        let number = try entry.required(5, "protocol")
        `protocol` = Self.protocols[number] ?? "\(number)"
        state = Checkpoint.name(try entry.required(6, "state"), Self.states)
        local = Self.address(try entry.numbers(11), try entry.required(7, "port"))
        let port = try entry.required(8, "port")
        if port != 0 { remote = Self.address(try entry.numbers(12), port) }
    }

    /// `unix_sk_entry`.
    private init(unix entry: ProtobufMessage) throws {
        id = try entry.required32(1, "id")
        inode = try entry.required32(2, "inode")
        family = "unix"
        type = Checkpoint.name(try entry.required(3, "type"), Self.types)
        state = Checkpoint.name(try entry.required(4, "state"), Self.states)
        let peer = try entry.required32(8, "peer")
        self.peer = peer == 0 ? nil : peer
        local = try entry.bytes(11).flatMap(Self.name)
    }

    /// `packet_sock_entry`, `netlink_sk_entry`.
    private init(other entry: ProtobufMessage, _ family: String) throws {
        id = try entry.required32(1, "id")
        inode = nil
        self.family = family
        state = nil
        if family == "packet" {
            type = Checkpoint.name(try entry.required(2, "type"), Self.types)
        } else {
            `protocol` = "\(try entry.required(3, "protocol"))"
        }
    }

    /// The words hold the address as the network has it.
    private static func address(_ words: [UInt64], _ port: UInt64) -> String? {
        var bytes: [UInt8] = []
        for word in words.prefix(4) {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: word).littleEndian) { bytes += $0 }
        }
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return family == AF_INET ? "\(host):\(port)" : "[\(host)]:\(port)"
    }

    /// A path ends with a zero, an abstract name begins with one; a socket without a name has none.
    private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let first = bytes.first else { return nil }
        if first == 0 { return bytes.count > 1 ? "@\(String(decoding: bytes.dropFirst(), as: UTF8.self))" : nil }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
