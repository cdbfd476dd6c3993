internal import CLinux
internal import Glibc

/// Unix sockets that keep messages apart (`SOCK_SEQPACKET`): one `send` is one `receive`.
extension Descriptor {
    package static func packetPair() throws(SystemError) -> (Descriptor, Descriptor) {
        var pair: [Int32] = [-1, -1]
        try retrying("make a socket pair") { blt_packet_pair(&pair) }
        return (Descriptor(owning: pair[0]), Descriptor(owning: pair[1]))
    }

    /// A listening socket under `name` in this folder, whose path may be longer than a socket's address.
    package func listenForPackets(_ name: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("listen on", name) { blt_listen_packets("/proc/self/fd/\(raw)/\(name)") })
    }

    package func connectToPackets(_ name: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("connect to", name) { blt_connect_packets("/proc/self/fd/\(raw)/\(name)") })
    }

    /// The next connection to this listening socket, or nil where there is none just now.
    package func acceptPackets() -> Descriptor? {
        let connection = blt_accept_packets(raw)
        return connection < 0 ? nil : Descriptor(owning: connection)
    }

    /// Sends one message; fails with EPIPE, and without a signal, where the other end is closed.
    package func send(packet: [UInt8]) throws(SystemError) {
        try retrying("send a message") { Glibc.send(raw, packet, packet.count, Int32(MSG_NOSIGNAL)) }
    }

    /// The next message; nil where the other end is closed, and where the message is longer than `limit` bytes.
    package func receivePacket(limit: Int) throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = try retrying("receive a message") { recv(raw, &bytes, limit, Int32(MSG_TRUNC)) }
        return (1...limit).contains(count) ? Array(bytes[..<count]) : nil
    }
}
