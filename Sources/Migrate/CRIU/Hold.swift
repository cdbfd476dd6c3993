internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Holds CRIU at one of its steps, with the container frozen, until it hears what to do.
///
/// CRIU runs an action script at each step; one that fails ends the dump or the restore there, undone (CRIU
/// `cr-dump.c`, `cr_dump_finish`; `cr-restore.c`, `restore_root_task`). Ours waits for a word from us, and where we die
/// meanwhile takes that for a no.
final class Hold: Sendable {
    enum Step: String {
        /// A dump's images are written.
        case dumped = "post-dump"
        /// A restored container is complete, and has not run yet.
        case restored = "post-restore"
    }

    enum Verdict: String {
        /// Go on: end the container that was dumped, let the restored one run.
        case commit
        /// Undo: resume the container that was dumped, end the restored one.
        case rollback
        /// Wait on, also without us: whether the container runs at the other end is known only there.
        case handing
    }

    private let held: Descriptor
    private let verdicts: Descriptor
    /// For `$CRIU_CONFIG_FILE`.
    let configuration: String

    /// Prepares the script and CRIU's configuration in an existing, empty folder.
    /// - Parameters:
    ///   - folder: a plain path: CRIU splits its configuration at blanks, and starts the script with a shell.
    ///   - settings: lines of CRIU's configuration.
    ///   - before: lines of the script for CRIU's first step, before anything is stopped.
    ///   - held: lines that come before it says that it holds.
    ///   - afterwards: lines of the script that follow when the verdict is there.
    init(
        at step: Step, folder: String, settings: [String] = [], before: String = "", held heldLines: String = "",
        afterwards: String = ""
    ) throws {
        for name in ["held", Self.verdictName, "quiet", "left"] {
            try retrying("make the fifo", "\(folder)/\(name)") { mkfifo("\(folder)/\(name)", 0o600) }
        }
        // Read and write: neither end has to wait for the other to open.
        held = try Descriptor.open("\(folder)/held", O_RDWR)
        verdicts = try Descriptor.open("\(folder)/\(Self.verdictName)", O_RDWR)
        let script = Self.script(step, folder: folder, before: before, held: heldLines, afterwards: afterwards)
        try Files.write(Array(script.utf8), to: "\(folder)/hold.bash", mode: 0o600)
        let steps = before.isEmpty ? step.rawValue : "pre-dump | \(step.rawValue)"
        // CRIU comes by at every step, also while all stand still: the smallest shell sends it on.
        let entry = """
            #!/bin/sh
            case $CRTOOLS_SCRIPT_ACTION in
            \(steps)) exec /bin/bash \(folder)/hold.bash ;;
            esac

            """
        try Files.write(Array(entry.utf8), to: "\(folder)/hold", mode: 0o700)
        configuration = "\(folder)/criu.conf"
        try CRIUConfiguration.write(settings + ["action-script \(folder)/hold"], to: configuration)
    }

    private static let verdictName = "verdict"

    private static func script(
        _ step: Step, folder: String, before: String, held: String, afterwards: String
    ) -> String {
        """
        # Started by CRIU at two of its steps; waits at one of them. Made by bundletool for one migration.
        # No other program is started here: the container stands still meanwhile.
        LC_ALL=C
        unset quiet tries
        # The fields of a process's stat after its name, which may hold any character.
        stat() { stat=; IFS= read -rd '' stat 2>/dev/null </proc/$1/stat; stat=(${stat##*) }); }
        # The CRIU that has started this; where it has been killed since, somebody else is the parent.
        criu() {
            local words
            criu=$PPID
            read -r words </proc/$criu/comm
            # A shell between the two.
            if [[ $words == *sh ]]; then stat $criu; criu=${stat[1]}; fi
            words=()
            mapfile -d '' words 2>/dev/null </proc/$criu/cmdline
            [[ ${words[*]:0:4} == *criu* ]]
        }
        # Whether bundletool does; one that nobody has waited for yet does not.
        alive() { stat \(getpid()); [[ ${stat[0]-} != [ZX] && ${stat[19]-} == \(startTime) ]]; }
        # Whether CRIU lives, a tenth of a second later.
        working() {
            # To wait at it takes no process.
            [[ -v quiet ]] || exec {quiet}<>\(folder)/quiet
            read -rt 0.1 -u $quiet
            case $? in
            # Nothing comes from there but the order to leave all as it is.
            0) echo left 1<>\(folder)/left; exit 0 ;;
            [1-9]) sleep 0.1 ;;
            esac
            [[ -d /proc/$criu ]]
        }
        if [[ $CRTOOLS_SCRIPT_ACTION == pre-dump ]]; then
            criu || exit 1
            \(before)
            exit 0
        fi
        cd \(folder) || exit 1
        exec 3<>\(verdictName)
        \(held)
        echo held 1<>held
        # Without a word from a living bundletool it is undone. The second may be over in the middle of a word, and a word
        # may come between the second's end and bundletool's: what a dead one has said is there.
        word=
        until part=; read -r -t 1 part <&3; do
            word+=$part
            part=
            alive && continue
            read -r -t 0.1 part <&3
            # The rest of one that the time was over in.
            word+=$part
            part=
            read -t 0 <&3 && read -r part <&3
            break
        done
        word+=$part
        # Once the other end may have started the container, only who has asked there may say what is to be done here.
        while [[ $word == handing ]]; do read -r word <&3; done
        \(afterwards)
        [[ $word == commit ]]
        """
    }

    /// Waits until CRIU holds.
    /// - Parameters:
    ///   - stop: readable when CRIU has ended without holding.
    ///   - timeout: how long CRIU may take until it holds; nil where somebody else sees to that.
    ///   - isAlive: whether there is still something to work on; asked each second.
    /// - Returns: false where CRIU has ended.
    /// - Throws: where the container has been dead for ten seconds: CRIU waits for it in vain; where the time is over.
    func wait(
        orUntil stop: Descriptor, within timeout: Duration? = nil, while isAlive: () -> Bool = { true }
    ) throws -> Bool {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var dead = 0
        while dead < 10 {
            if let ready = try Descriptor.waitForInput(of: [stop, held], timeout: .seconds(1)) { return ready == 1 }
            if let timeout, let deadline, .now >= deadline {
                throw MigrateError(.toolFailed, "CRIU has not dumped the processes within \(timeout) (--timeout)")
            }
            dead = isAlive() ? 0 : dead + 1
        }
        throw MigrateError(.wrongState, "CRIU goes on with a container that has ended")
    }

    /// Tells CRIU what to do.
    func decide(_ verdict: Verdict) throws {
        try verdicts.write(all: Array("\(verdict.rawValue)\n".utf8))
    }

    /// Tells it to the hold that somebody else has left in `folder`.
    static func decide(_ verdict: Verdict, in folder: String) throws {
        let fifo = try Descriptor.open("\(folder)/\(verdictName)", O_RDWR | O_NONBLOCK | O_NOFOLLOW)
        try fifo.write(all: Array("\(verdict.rawValue)\n".utf8))
        // What is written to a fifo is gone with its last user: the script shall have read it.
        var left: Int32 = 1
        for _ in 0..<1000 where left > 0 {
            usleep(2000)
            guard blt_pending_bytes(fifo.raw, &left) == 0 else { return }
        }
    }

    private static let startTime = ContainerProcess.startTime(of: getpid()) ?? ""
}
