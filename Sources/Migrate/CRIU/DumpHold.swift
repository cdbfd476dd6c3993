internal import Glibc
internal import LinuxSystem

/// Holds a dump without the memory (`--lazy-pages`) at its end. CRIU then also waits for a client of its page server, and
/// takes a `close` for the end; whether that is a commit was decided before.
final class DumpHold: Sendable {
    let hold: Hold
    /// The port that CRIU's page server shall listen on.
    let port: UInt16
    /// Says that the container is frozen; nil where that is CRIU's work.
    private let frozen: Descriptor?
    private let answers: Descriptor?

    /// - Parameters:
    ///   - folder: as `Hold` wants it.
    ///   - freezer: what CRIU shall find frozen; nil leaves the freezing to CRIU.
    ///   - keeper: what somebody freezes in the hold, and is thawed by him alone unless he has died and it is undone;
    ///     nil where it runs on whenever CRIU ends.
    ///   - settings: lines of CRIU's configuration.
    init(
        folder: String, freezer: ContainerFreezer? = nil, keeper: ContainerFreezer? = nil, settings: [String] = []
    ) throws {
        port = try Descriptor.listenOnLoopback().port
        let (fifo, answer) = ("\(folder)/frozen", "\(folder)/answer")
        frozen = try freezer.map { _ in try Self.fifo(fifo) }
        answers = try freezer.map { _ in try Self.fifo(answer) }
        // The runtime passes CRIU no address for a lazy dump, and CRIU would listen on all of them.
        // CRIU will wait for a client of its page server. Where bundletool is not that client, because it has died, or
        // takes CRIU to have ended with its runtime, the script is.
        hold = try Hold(
            at: .dumped, folder: folder, settings: ["address 127.0.0.1"] + settings,
            before: freezer?.freezing(telling: fifo, hearing: answer) ?? "",
            held: freezer == nil || keeper == nil ? "" : ContainerFreezer.leavingFrozen,
            afterwards: """
                \(keeper?.thawing(unless: "commit") ?? "")
                criu &&
                (cd /; while working; do : <>/dev/tcp/127.0.0.1/\(port); done) >/dev/null 2>&1 3<&- &
                """)
    }

    private static func fifo(_ path: String) throws -> Descriptor {
        try retrying("make the fifo", path) { mkfifo(path, 0o600) }
        return try Descriptor.open(path, O_RDWR)
    }

    /// Waits until the container is frozen, before CRIU has looked at it.
    /// - Parameters:
    ///   - stop: readable when CRIU has ended.
    ///   - guarding: what freezes the container, and guards it from CRIU's death; where it cannot, CRIU's script freezes.
    /// - Returns: when that was, since the epoch; nil where it is left to CRIU.
    func waitUntilFrozen(orUntil stop: Descriptor, guarding: DumpGuard) throws -> Duration? {
        guard let answers, let line = try said(orUntil: stop), line.hasPrefix("criu "),
            let criu = Int32(line.dropFirst(5))
        else { return nil }
        // Whatever it is, the script waits for an answer.
        let time = ContainerProcess.isCRIU(criu) ? try guarding.begin(criu: criu) : nil
        try answers.write(all: Array("\(time == nil ? "freeze" : "frozen")\n".utf8))
        if let time { return time }
        return try said(orUntil: stop).flatMap(Double.init).map { .seconds($0) }
    }

    /// What CRIU's script says; nil where that takes too long.
    private func said(orUntil stop: Descriptor) throws -> String? {
        guard let frozen, try Descriptor.waitForInput(of: [stop, frozen], timeout: .seconds(10)) == 1 else {
            return nil
        }
        return try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = try frozen.read(into: buffer)
            return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]).dropLast(), as: UTF8.self)
        }
    }

    /// Ends CRIU's wait for a client, once it listens.
    /// - Parameter isOver: asked between tries; true where the dump has ended by itself.
    func closePageServer(unless isOver: () -> Bool) throws {
        while !isOver() {
            guard let connection = try? Descriptor.connectToLoopback(port: port) else {
                usleep(2000)
                continue
            }
            // A client that goes without a word says "close", in every version of the protocol.
            connection.shutDown()
            return
        }
    }
}
