internal import FoundationEssentials
internal import LinuxSystem

extension ContainerFreezer {
    /// The freezer that CRIU is going to use for a container, or nil where that is not known for certain, or its path
    /// cannot stand in a script.
    init?(whatCRIUFreezes container: Container, _ runtime: ContainerRuntime) {
        // The runtime hands CRIU the cgroup that it has made itself, which need not be the one that the process is in.
        guard let freezer = ContainerFreezer(pid: container.pid),
            runtime.cgroupFolders(of: container.id).contains(freezer.folder),
            freezer.folder.utf8.allSatisfy(PlainPath.isPlain)
        else { return nil }
        self = freezer
    }

    /// Lines of bash that freeze the container, for the moment right before CRIU does.
    ///
    /// CRIU (`seize.c`, `freeze_processes`) orders the cgroup to freeze, looks at once, and where it is not frozen yet
    /// looks again after 100 ms, all of which the container stands still; a cgroup that is frozen already costs nothing.
    /// CRIU then makes it frozen again when it resumes the processes. So whoever lets this run has to thaw the cgroup
    /// when CRIU has ended; a process that the lines leave behind does it too, in case nobody else lives to do it.
    /// - Parameters:
    ///   - fifo: gets CRIU's number, as "criu NUMBER"; and when the container is frozen by these lines the time, or
    ///     nothing where it could not be.
    ///   - answer: what comes from there decides: "frozen" where it is frozen already.
    func freezing(telling fifo: String, hearing answer: String) -> String {
        """
        thaw() { echo \(words.thaw) >\(Self.quoted(file)); }
        (cd /; while working; do :; done; thaw) >/dev/null 2>&1 &
        told() { echo "$1" 1<>\(fifo); exit 0; }
        exec 4<>\(answer)
        echo "criu $criu" 1<>\(fifo)
        until read -rt 0.2 word <&4; do alive && [[ -d /proc/$criu ]] || exit 1; done
        [[ $word != frozen ]] || exit 0
        time=$EPOCHREALTIME
        echo \(words.freeze) >\(Self.quoted(file)) || told
        for ((tries = 0; tries < 2000; tries++)); do
            mapfile -t state <\(Self.quoted(state.file))
            [[ ${state[*]} != *"\(state.word)"* ]] || told $time
        done
        # CRIU knows more ways to make them freeze.
        thaw
        told
        """
    }

    /// Lines for the hold: what `freezing` has left behind does nothing any more. They end the script where that has
    /// already begun to thaw the container.
    static let leavingFrozen = """
        criu || exit 1
        exec {order}<>quiet {left}<>left
        echo >&$order
        until read -rt 0.1 -u $left; do [[ -d /proc/$criu ]] && ((++tries < 100)) || exit 1; done
        exec {order}>&- {left}>&-
        """

    /// Lines that thaw the container when CRIU has ended, unless the verdict is this one.
    func thawing(unless verdict: String) -> String {
        """
        thaw() { echo \(words.thaw) >\(Self.quoted(file)); }
        if [[ $word != \(verdict) ]]; then
            if criu; then
                (cd /; while working; do :; done; thaw) >/dev/null 2>&1 3<&- &
            else
                # A living bundletool may still have to put processes back before they run.
                alive || thaw
            fi
        fi
        """
    }

    /// A cgroup may be called what the bundle's author likes; `thawing` is for any.
    private static func quoted(_ path: String) -> String { "'\(path.replacing("'", with: "'\\''"))'" }
}

extension ContainerRuntime {
    /// The cgroups that the runtime has made for a container, by what it has written down; empty where that cannot be
    /// read.
    fileprivate func cgroupFolders(of id: String) -> Set<String> {
        struct State: Decodable {
            /// runc's.
            var paths: [String: String]?
            /// crun's, below the mount.
            var path: String?
            enum CodingKeys: String, CodingKey {
                case paths = "cgroup_paths"
                case path = "cgroup-path"
            }
        }
        let file = command.kind == .crun ? "status" : "state.json"
        guard
            let bytes = try? Files.contents(
                of: "\(command.stateFolder ?? "/run/\(name)")/\(id)/\(file)", limit: 1 << 24),
            let state = try? JSONDecoder().decode(State.self, from: Data(bytes))
        else { return [] }
        if command.kind == .crun {
            // crun's `criu.c` puts them together like this, whatever is mounted where.
            return Set(state.path.map { ["/sys/fs/cgroup\($0)", "/sys/fs/cgroup/freezer\($0)"] } ?? [])
        }
        return Set(state.paths.map(\.values) ?? [:].values)
    }
}
