internal import CLinux
internal import Glibc

extension Descriptor {
    /// Two connected Unix stream sockets.
    package static func socketPair() throws(SystemError) -> (Descriptor, Descriptor) {
        var pair: [Int32] = [-1, -1]
        try retrying("make a socket pair") {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
        }
        return (Descriptor(owning: pair[0]), Descriptor(owning: pair[1]))
    }

    /// A pipe: what is written to `write` is read from `read`.
    package static func pipe() throws(SystemError) -> (read: Descriptor, write: Descriptor) {
        var pair: [Int32] = [-1, -1]
        try retrying("make a pipe") { blt_pipe(&pair) }
        return (Descriptor(owning: pair[0]), Descriptor(owning: pair[1]))
    }

    /// A TCP socket that listens on 127.0.0.1, on a port that the kernel chooses.
    package static func listenOnLoopback() throws(SystemError) -> (listener: Descriptor, port: UInt16) {
        let listener = try tcpSocket()
        var address = loopback(port: 0)
        try retrying("bind to 127.0.0.1") { withSocketAddress(&address) { bind(listener.raw, $0, $1) } }
        try retrying("listen on 127.0.0.1") { listen(listener.raw, 4) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try retrying("read the port of a socket") {
            withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.raw, $0, &length) }
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Connects to 127.0.0.1:`port`.
    package static func connectToLoopback(port: UInt16) throws(SystemError) -> Descriptor {
        let socket = try tcpSocket()
        var address = loopback(port: port)
        try retrying("connect to", "127.0.0.1:\(port)") { withSocketAddress(&address) { connect(socket.raw, $0, $1) } }
        return socket
    }

    /// The next connection to this listening socket, and the port it comes from.
    package func accept() throws(SystemError) -> (connection: Descriptor, peerPort: UInt16) {
        var peerPort: UInt16 = 0
        let connection = try retrying("accept a connection") { blt_accept(raw, &peerPort) }
        return (Descriptor(owning: connection), peerPort)
    }

    /// Waits until one of `descriptors` can be read or is at its end, and returns its position; nil after `timeout`.
    package static func waitForInput(
        of descriptors: [Descriptor], timeout: Duration? = nil
    ) throws(SystemError) -> Int? {
        var polled = descriptors.map { pollfd(fd: $0.raw, events: Int16(POLLIN), revents: 0) }
        let milliseconds = timeout.map { Int32(clamping: Int64($0 / .milliseconds(1))) } ?? -1
        try retrying("wait for input") { poll(&polled, nfds_t(polled.count), milliseconds) }
        withExtendedLifetime(descriptors) {}
        return polled.firstIndex { $0.revents != 0 }
    }

    /// Makes a write to this socket that takes longer than `limit` fail; other descriptors have no such limit.
    package func limitSending(to limit: Duration) {
        _ = blt_limit_sending(raw, Int64(limit / .microseconds(1)))
    }

    /// Ends both directions of a connection: a thread that is blocked on it wakes with the end of the stream.
    package func shutDown() {
        _ = Glibc.shutdown(raw, Int32(SHUT_RDWR))
    }

    private static func tcpSocket() throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try retrying("make a socket") {
                socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            })
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
