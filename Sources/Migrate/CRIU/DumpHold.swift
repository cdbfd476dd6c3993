internal import Glibc
internal import LinuxSystem

/// Holds a dump without the memory (`--lazy-pages`) at its end. CRIU then also waits for a client of its page server, and
/// takes a `close` for the end; whether that is a commit was decided before.
final class DumpHold: Sendable {
    let hold: Hold
    /// The port that CRIU's page server shall listen on.
    let port: UInt16

    /// - Parameter folder: as `Hold` wants it.
    init(folder: String) throws {
        port = try Descriptor.listenOnLoopback().port
        // The runtime passes CRIU no address for a lazy dump, and CRIU would listen on all of them.
        // CRIU will wait for a client of its page server. Where bundletool dies before it is that client, the script is.
        hold = try Hold(
            at: .dumped, folder: folder, settings: ["address 127.0.0.1"],
            afterwards: """
                criu=$PPID
                [[ $(</proc/$criu/comm) != *sh ]] || criu=$(sed 's/.*) //' /proc/$criu/stat | cut -d' ' -f2)
                (cd /; while sleep 0.1; [[ -d /proc/$criu ]]; do alive || : <>/dev/tcp/127.0.0.1/\(port); done) >/dev/null 2>&1 3<&- &
                """)
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
