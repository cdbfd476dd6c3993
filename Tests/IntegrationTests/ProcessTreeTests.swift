import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Moving everything the kernel has", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs)
struct ProcessTreeTests {
    @Test(
        "shared memory, data in flight, signals, timers, epoll, inotify, locks, zombies: the processes look themselves",
        arguments: [DumpMethod.held, .pageServer])
    func everything(method: DumpMethod) async throws {
        try await Stage.serving("everything.py") { stage in
            #expect(try await stage.get("/check") == "ok")
            for words in [["--predump"], [], ["--predump"]] {
                _ = try await stage.migrate(words: words + ["--dump-method", method.rawValue])
                #expect(try await stage.get("/check") == "ok")
            }
            #expect(try stage.leftovers() == [])
        }
    }

    @Test(
        "shared memory of each kind crosses in the rounds; while the container is stopped only what was rewritten does",
        arguments: [["--dump-method", "held"], ["--dump-method", "page-server"], ["--restore", "lazy"]])
    func sharedMemory(words: [String]) async throws {
        try await Stage.serving("shared-memory-server.py") { stage in
            var count = 0
            for _ in 1...2 {
                let report = try await stage.migrate(words: ["--predump"] + words)
                let answer = try await stage.get("/check")
                let rewritten = try #require(answer.hasPrefix("ok ") ? Int(answer.dropFirst(3)) : nil, "\(answer)")
                #expect(rewritten > count)
                count = rewritten
                // Five objects of 1024 pages, and smaller ones.
                #expect(report.rounds[0].pages > 5 * 1024)
                #expect(report.rounds.dropFirst().allSatisfy { $0.unchanged > 5 * 1000 && $0.pages < 1000 })
                #expect(report.knownPages > 5 * 1000)
                #expect(report.finalPages < 1000)
                #expect(report.frozenBytes < 5 << 20)
            }
            #expect(try stage.leftovers() == [])
        }
    }

    /// A container has shared memory that only CRIU can read where a segment is attached to nowhere.
    @Test(
        "in a hold CRIU copies no page into a file, unless there is what only it can read",
        arguments: [[], ["--predump"]])
    func copiesNothing(words: [String]) async throws {
        try await Stage.serving("shared-memory-server.py") { stage in
            let real = try await CRIUInstallation.find(explicit: nil).path
            let (criu, sizes) = ("\(stage.folder.path)/criu", "\(stage.folder.path)/sizes")
            let script = """
                #!/bin/bash
                [[ ${CRIU_CONFIG_FILE-} == */hold/criu.conf ]] || exec \(real) "$@"
                \(real) "$@"
                status=$?
                find "${CRIU_CONFIG_FILE%/*/*}/source-images" -name 'pages-*.img' -type f -printf '%s\\n' >\(sizes)
                exit $status
                """
            try Files.write(Array(script.utf8), to: criu, mode: 0o700)
            func copied() -> Int {
                (Files.text(of: sizes) ?? "").split(separator: "\n").reduce(0) { $0 + (Int($1) ?? -1) }
            }
            _ = try await stage.migrate(words: words + ["--criu", criu])
            #expect(Files.text(of: sizes) == "")
            let answer = try await stage.get("/check")
            #expect(answer.hasPrefix("ok "), "\(answer)")
            // First one kind of what only CRIU can read, then both.
            for path in ["/send", "/segment"] {
                #expect(try await stage.get(path) == "here")
                _ = try await stage.migrate(words: words + ["--criu", criu])
                #expect(copied() > 6 * 4 << 20)
                #expect(try await stage.get("/check").hasPrefix("ok "))
            }
            #expect(try stage.leftovers() == [])
        }
    }

    @Test("a network namespace of the container's own, given by its path: a client in another one notices nothing")
    func ownNetwork() async throws {
        try await Stage.empty { stage in
            let network = try await TestNetwork(stage.id)
            try await stage.create(megabytes: 10)
            try await stage.succeed(
                "config", "edit", "pyserver", "--namespace", "network=\(network.serverPath)", "--env",
                "PYSERVER_BIND=\(network.address)")
            try await stage.succeed("clone", "pyserver", "pyserver2")
            try await stage.succeed("run", "pyserver", "--id", stage.id)
            let url = "http://\(network.address):\(stage.port)"
            try await wait(for: "the server") {
                try await network.run("curl", "--silent", "--max-time", "5", "\(url)/time").succeeded
            }
            let sum = try await network.run("curl", "--silent", "--max-time", "60", "\(url)/checksum").output
            let ticks = try await network.start(
                "curl", "--silent", "--show-error", "--no-buffer", "\(url)/ticks?interval_ms=20")
            try await wait(for: "the ticks to begin") { ticks.output.split(separator: "\n").count >= 2 }
            for words in [["--predump"], [], ["--predump"]] {
                _ = try await stage.migrate(words: words)
                let again = try await network.run("curl", "--silent", "--max-time", "60", "\(url)/checksum").output
                #expect(again.prefix(80) == sum.prefix(80))
            }
            #expect(try await stage.runningBundle() == "pyserver2")
            try await stage.expectUnbroken(ticks)
            #expect(try await network.rules() == [])
        }
    }
}

/// Two network namespaces with a cable between them; gone with the last reference.
final class TestNetwork: Sendable {
    let address = "10.213.7.1"
    private let server: String
    private let client: String
    private let ip: String

    var serverPath: String { "/run/netns/\(server)" }

    /// - Parameter id: what the names begin with.
    init(_ id: String) async throws {
        (server, client) = ("\(id)-s", "\(id)-c")
        ip = try #require(Tool.path(of: "ip"))
        try await Tool.shell(
            """
            \(ip) netns add \(server)
            \(ip) netns add \(client)
            \(ip) -n \(server) link add cable type veth peer name cable netns \(client)
            \(ip) -n \(server) address add \(address)/24 dev cable
            \(ip) -n \(client) address add 10.213.7.2/24 dev cable
            for side in \(server) \(client); do \(ip) -n $side link set cable up; \(ip) -n $side link set lo up; done
            """)
    }

    deinit {
        for name in [server, client] {
            umount2("/run/netns/\(name)", Int32(MNT_DETACH))
            unlink("/run/netns/\(name)")
        }
    }

    /// Starts a program beside the client's end of the cable.
    func start(_ words: String...) async throws -> RunningProgram { try await start(words) }

    private func start(_ words: [String]) async throws -> RunningProgram {
        try await RunningProgram.start(ip, ["netns", "exec", client] + words)
    }

    func run(_ words: String...) async throws -> Tool.Outcome { try await start(words).outcome() }

    /// What the packet filter at the server's end is told to drop.
    func rules() async throws -> [String] {
        let save = try #require(Tool.path(of: "iptables-save"))
        let list = try #require(Tool.path(of: "nft"))
        let enter = "\(ip) netns exec \(server)"
        let rules = try await Tool.shell("\(enter) \(save) 2>/dev/null; \(enter) \(list) list ruleset inet")
        return rules.split(separator: "\n").map(String.init).filter { $0.lowercased().contains("drop") }
    }
}
