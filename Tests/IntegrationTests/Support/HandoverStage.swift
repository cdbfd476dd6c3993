import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

/// Two ends of a migration on this machine, as if they were two: each with a containers folder, a runtime's state folder
/// and a network namespace with the server's address of its own; and a client's namespace with a switch that both hang on.
///
///     client 10.77.0.1 ── bridge ── end 1: 10.77.0.2
///                              └─── end 2: 10.77.0.2, the same hardware address, its port shut at first
final class HandoverStage: Sendable {
    let stage: Stage
    private let name: String
    static let address = "10.77.0.2"

    /// A stage on which the server runs at end 1, and end 2 has the bundle `moved`.
    static func serving(megabytes: Int = 5, _ body: (HandoverStage) async throws -> Void) async throws {
        try await Stage.empty { stage in
            let both = HandoverStage(stage)
            do {
                try await both.setUp(megabytes)
                try await body(both)
            } catch {
                try await both.takeDown()
                throw error
            }
            try await both.takeDown()
        }
    }

    private init(_ stage: Stage) {
        self.stage = stage
        name = "bt\(getpid() % 100_000)-\(stage.id.split(separator: "-").last ?? "")"
    }

    private func setUp(_ megabytes: Int) async throws {
        try await Tool.shell(
            """
            for end in c 1 2; do ip netns add \(name)$end; ip -n \(name)$end link set lo up; done
            ip -n \(name)c link add bridge type bridge
            ip -n \(name)c addr add 10.77.0.1/24 dev bridge
            ip -n \(name)c link set bridge up
            for end in 1 2; do
                ip -n \(name)c link add port$end type veth peer name eth0 netns \(name)$end
                ip -n \(name)c link set port$end master bridge
                ip -n \(name)$end link set eth0 address 02:00:00:00:77:02 up
                ip -n \(name)$end addr add \(Self.address)/24 dev eth0
            done
            ip -n \(name)c link set port1 up
            mkdir -p there
            """, in: stage.folder.path)
        // It prints each request's path.
        let program =
            "import server; server.Handler.log_message = lambda self, *_: print(self.path, flush=True); server.main()"
        try await stage.succeed(
            "create", "pyserver", "--env", "PYSERVER_MB=\(megabytes)", "--env", "PYSERVER_PORT=8000",
            "--args", "python3", "--args", "-c", "--args", program,
            "--linux-namespace-add", "network:/run/netns/\(name)1")
        try await stage.succeed("clone", "\(stage.containers)/pyserver", "moved", "--containers", "there")
        try await stage.succeed(
            "config", "edit", "./there/moved", "--linux-namespace-add", "network:/run/netns/\(name)2",
            "--linux-cgroups-path", "/\(stage.id)-there")
        try await stage.succeed("run", "pyserver", "--id", stage.id)
        try await wait(for: "the server to answer") {
            try await Tool.run("ip", ["netns", "exec", "\(name)1", "curl", "-s", "http://127.0.0.1:8000/time"])
                .succeeded
        }
    }

    private func takeDown() async throws {
        try await Tool.shell("runc --root '\(state2)' delete --force '\(stage.id)' >/dev/null 2>&1 || true")
        // A namespace whose processes have ended goes with its name.
        try await Tool.shell("for end in c 1 2; do ip netns del \(name)$end 2>/dev/null || true; done")
    }

    // MARK: The two ends

    var state2: String { "\(stage.folder.path)/state2" }

    /// The receiver's command, with a relay that lets `action` happen at a message.
    func receiver(_ action: String = "none", at message: String = "go") -> String {
        let relay = "\(#filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" })/Fixtures/relay.py"
        return "exec python3 \(relay) \(action) \(Self.messages[message]!) \(stage.folder.path)/relay.flag "
            + "\(Tool.commandLine) receive --containers \(stage.folder.path)/there --runtime-root \(state2)"
    }

    /// The types of the frames, by what `Frame.Kind` calls them.
    static let messages = [
        "hello": 1, "pageSetBegin": 2, "pages": 4, "pageSetEnd": 6, "file": 7, "imagesEnd": 12, "answer": 10,
        "welcome": 13, "prepare": 14, "go": 15, "done": 17,
    ]

    func migration(_ receiver: String, _ more: String...) -> [String] {
        ["migrate", "--predump", "--receiver", receiver, stage.id, "moved"] + more
    }

    /// Where the container runs: at "1", at "2", or in error at both or none.
    func owners() async throws -> [String] {
        var found: [String] = []
        for (end, state) in [("1", stage.state), ("2", state2)] {
            let text = try await Tool.shell("runc --root '\(state)' list --format json")
            let all = try JSONDecoder().decode([Container]?.self, from: Data(text.utf8)) ?? []
            if all.contains(where: { $0.id == stage.id && $0.status == "running" }) { found.append(end) }
        }
        return found
    }

    func checksum(at end: String) async throws -> Stage.Checksum {
        let outcome = try await Tool.run(
            "ip", ["netns", "exec", "\(name)\(end)", "curl", "-sSf", "-m", "20", "http://127.0.0.1:8000/checksum"])
        try #require(outcome.succeeded, "checksum at end \(end): \(outcome.errors)")
        return try JSONDecoder().decode(Stage.Checksum.self, from: Data(outcome.output.utf8))
    }

    /// What either end has left behind.
    func leftovers() throws -> [String] {
        try Files.names(in: stage.containers).filter { $0 != "pyserver" }
            + Files.names(in: "\(stage.folder.path)/there").filter { $0 != "moved" }
    }

    func recover(at end: String) async throws -> Tool.Outcome {
        let folder = end == "1" ? stage.containers : "\(stage.folder.path)/there"
        return try await stage.run("recover", "--containers", folder)
    }

    /// Runs bundletool with these words and no others.
    func bundletool(_ words: [String]) async throws -> Tool.Outcome {
        try await RunningProgram.run(Tool.commandLine, words, in: stage.folder.path)
    }

    // MARK: The client

    /// A stream of numbered lines to the client, over the switch.
    func ticks() async throws -> RunningProgram {
        let curl = try await RunningProgram.start(
            "ip",
            [
                "netns", "exec", "\(name)c", "curl", "-sS", "-N", "http://\(Self.address):8000/ticks?interval_ms=20",
            ])
        try await wait(for: "the ticks to begin") { curl.output.split(separator: "\n").count >= 2 }
        return curl
    }

    /// Has the switch send to end 2 what went to end 1.
    func switchOver() async throws {
        try await Tool.shell("ip -n \(name)c link set port1 down; ip -n \(name)c link set port2 up")
    }

    /// The packet filter's rules at both ends: a dump that was undone leaves none.
    func firewallRules() async throws -> String {
        try await Tool.shell(
            "for end in 1 2; do ip netns exec \(name)$end iptables-save 2>/dev/null | grep ^-A || true; done")
    }
}
