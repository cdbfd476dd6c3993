import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

@Suite("What a killed CRIU leaves in connections", .requiresRoot)
struct TCPRepairTests {
    /// TCP_REPAIR of <linux/tcp.h>.
    private static let repair: Int32 = 19

    private static func option(_ socket: Descriptor, _ level: Int, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket.raw, Int32(level), name, &value, &length) == 0 ? value : -1
    }

    @Test("a connection in repair mode is taken out of it, and can be used; other sockets stay as they are")
    func ends() async throws {
        let (listener, port) = try Descriptor.listenOnLoopback()
        let client = try Descriptor.connectToLoopback(port: port)
        let server = Descriptor(owning: accept(listener.raw, nil, nil))
        let others = try Descriptor.socketPair()
        var on: Int32 = 1
        try #require(setsockopt(server.raw, Int32(IPPROTO_TCP), Self.repair, &on, socklen_t(4)) == 0)
        #expect(Self.option(server, IPPROTO_TCP, Self.repair) == 1)
        await TCPRepair.end(below: getpid())
        #expect(Self.option(server, IPPROTO_TCP, Self.repair) == 0)
        #expect(Self.option(server, Int(SOL_SOCKET), SO_REUSEADDR) == 1)
        #expect(Self.option(client, IPPROTO_TCP, Self.repair) == 0)
        try server.write(all: [1, 2])
        #expect(try Descriptor.waitForInput(of: [client], timeout: .seconds(10)) == 0)
        withExtendedLifetime((listener, others)) {}
    }
}
