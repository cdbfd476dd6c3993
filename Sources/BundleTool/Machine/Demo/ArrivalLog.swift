import Synchronization

/// Packets in the order of their arrival, written by one task and read by others.
final class ArrivalLog: Sendable {
    private let entries = Mutex<[Packet]>([])

    func add(_ packet: Packet) {
        entries.withLock { $0.append(packet) }
    }

    var packets: [Packet] { entries.withLock { $0 } }
}
