internal import Glibc
internal import LinuxSystem

/// Holds a dump at its end: CRIU has written its images and keeps the container frozen until it hears what to do.
///
/// CRIU runs an action script at the end of a dump; a script that fails makes it unlock the network and resume the
/// container (CRIU `cr-dump.c`, `cr_dump_finish`). Ours waits for a word from us. The dump is one without the memory
/// (`--lazy-pages`): CRIU then also waits for a client of its page server, and takes its going for the end.
///
/// Where we die while CRIU waits, the script notices, says no, and closes the page server: the container goes on.
final class DumpHold: Sendable {
    enum Verdict: String {
        /// End the container here.
        case commit
        /// Resume it.
        case rollback
    }

    private let folder: String
    private let held: Descriptor
    private let verdicts: Descriptor
    /// The port that CRIU's page server shall listen on.
    let port: UInt16

    /// Prepares the script and CRIU's configuration in an existing, empty folder.
    /// - Parameter folder: a plain path: CRIU splits its configuration at blanks, and starts the script with a shell.
    init(folder: String) throws {
        self.folder = folder
        port = try Descriptor.listenOnLoopback().port
        for name in ["held", "verdict"] {
            try retrying("make the fifo", "\(folder)/\(name)") { mkfifo("\(folder)/\(name)", 0o600) }
        }
        // Read and write: neither end has to wait for the other to open.
        held = try Descriptor.open("\(folder)/held", O_RDWR)
        verdicts = try Descriptor.open("\(folder)/verdict", O_RDWR)
        try Files.write(Array(script.utf8), to: "\(folder)/hold", mode: 0o700)
        // The runtime passes CRIU no address for a lazy dump, and CRIU would listen on all of them.
        try CRIUConfiguration.write(["address 127.0.0.1", "action-script \(folder)/hold"], to: configuration)
    }

    /// For `$CRIU_CONFIG_FILE`.
    var configuration: String { "\(folder)/criu.conf" }

    private var script: String {
        """
        #!/bin/bash
        # Started by CRIU at each step of a dump; waits at the last one. Made by bundletool for one migration.
        [[ $CRTOOLS_SCRIPT_ACTION == post-dump ]] || exit 0
        cd \(folder) || exit 1
        alive() { [[ $(sed 's/.*) //' /proc/\(getpid())/stat 2>/dev/null | cut -d' ' -f20) == \(Self.startTime) ]]; }
        criu=$PPID
        [[ $(</proc/$criu/comm) != *sh ]] || criu=$(sed 's/.*) //' /proc/$criu/stat | cut -d' ' -f2)
        exec 3<>verdict
        echo held 1<>held
        # Without a word from a living bundletool the container is to go on.
        while ! read -r -t 1 word <&3; do alive || break; done
        # CRIU will wait for a client of its page server. Where bundletool dies before it is that client, this is.
        (cd /; while sleep 0.1; [[ -d /proc/$criu ]]; do alive || : <>/dev/tcp/127.0.0.1/\(port); done) >/dev/null 2>&1 3<&- &
        [[ $word == commit ]]
        """
    }

    /// Waits until CRIU holds.
    /// - Parameters:
    ///   - stop: readable when the dump has ended without holding.
    ///   - isAlive: whether there is still something to dump; asked each second.
    /// - Returns: false where the dump has ended.
    /// - Throws: where the container has been dead for ten seconds: CRIU waits for it in vain.
    func wait(orUntil stop: Descriptor, while isAlive: () -> Bool) throws -> Bool {
        var dead = 0
        while dead < 10 {
            if let ready = try Descriptor.waitForInput(of: [stop, held], timeout: .seconds(1)) { return ready == 1 }
            dead = isAlive() ? 0 : dead + 1
        }
        throw MigrateError(.wrongState, "CRIU goes on with a container that has ended")
    }

    /// Tells CRIU what to do. To be followed by `closePageServer`.
    func decide(_ verdict: Verdict) throws {
        try verdicts.write(all: Array("\(verdict.rawValue)\n".utf8))
    }

    /// Ends CRIU's wait for a client, once it listens; whether that means commit or rollback was decided before.
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

    private static let startTime = ContainerProcess.startTime(of: getpid()) ?? ""
}
