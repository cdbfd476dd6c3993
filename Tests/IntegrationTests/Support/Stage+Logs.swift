import Bundles
import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

extension Stage {
    /// A bundle whose container runs this Python program.
    func bundle(_ name: String, _ program: String) async throws {
        try await succeed(
            "create", name, "--from", "tar:\(CacheFolder.path)/python-rootfs.tar.gz",
            "--args", "python3", "--args", "-c", "--args", program)
    }

    /// Writes numbered lines to both streams, every few milliseconds a burst that is cut anywhere, 200 kB a second or
    /// less; after SIGTERM it ends with the status 7.
    static let counter = """
        import os, signal, time
        going = True
        def stop(*_):
            global going
            going = False
        signal.signal(signal.SIGTERM, stop)
        def put(fd, data):
            while data:
                data = data[os.write(fd, data):]
        n = 0
        rest = [b"", b""]
        while going:
            for stream in (0, 1):
                data = rest[stream] + b"".join(b"%d\\n" % i for i in range(n + 1, n + 51))
                cut = len(data) - n % 7
                put(stream + 1, data[:cut])
                rest[stream] = data[cut:]
            n += 50
            time.sleep(0.005)
        put(1, rest[0]); put(2, rest[1])
        raise SystemExit(7)
        """

    var logs: String { "\(state).logs/\(id)" }

    /// The state that the monitor keeps.
    var monitorState: MonitorState? {
        get throws { try JSONDecoder().decode(MonitorState.self, from: Data(Files.contents(of: "\(logs)/state.json"))) }
    }

    func monitor() throws -> Int32 { try #require(try monitorState).monitor }

    func waitForOutput(_ text: String) async throws {
        try await wait(for: "'\(text)' in the log") { try await succeed("logs", id).contains(text) }
    }

    /// Ends the counter, and checks that all of its lines are in the log, once and in order, and nothing else is.
    func expectCounted(location: SourceLocation = #_sourceLocation) async throws {
        try await succeed("kill", id, "TERM")
        #expect(try await succeed("wait", id) == "7\n", sourceLocation: location)
        let logs = try await run("logs", id)
        try #require(logs.succeeded, "\(logs.errors)", sourceLocation: location)
        #expect(try await isCounted(logs.output) > 1000, sourceLocation: location)
        #expect(logs.output == logs.errors, sourceLocation: location)
    }

    /// The last of the numbers from 1 on, one in each line; 0 where one is missing, double, or something else.
    func isCounted(_ text: String) async throws -> Int {
        let file = "\(folder.path)/numbers"
        try Files.write(Array(text.utf8), to: file)
        let answer = try await Tool.shell(
            #"awk '$0 != NR { print "not " NR ": " $0; exit } END { print NR }' '\#(file)' | head -1"#)
        if let count = Int(answer.dropLast()) { return count }
        Issue.record("\(answer)")
        return 0
    }
}
