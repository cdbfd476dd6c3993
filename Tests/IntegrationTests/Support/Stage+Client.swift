import FoundationEssentials
import Glibc
import LinuxSystem
import TestSupport
import Testing

extension Stage {
    /// What the server says of itself.
    struct Checksum: Decodable, Equatable {
        var sha256: String
        var bytes: Int
        var requests: Int
    }

    func get(_ path: String) async throws -> String {
        let outcome = try await RunningProgram.run(
            "curl", ["--silent", "--show-error", "--fail", "--max-time", "60", "http://127.0.0.1:\(port)\(path)"])
        try #require(outcome.succeeded, "curl \(path): \(outcome.errors)")
        return outcome.output
    }

    func checksum() async throws -> Checksum {
        try JSONDecoder().decode(Checksum.self, from: Data(try await get("/checksum").utf8))
    }

    func waitUntilServing() async throws {
        try await wait(for: "the server to answer") { (try? Descriptor.connectToLoopback(port: port)) != nil }
    }

    /// Starts a download of 15 packets, one a second, and returns once the first ones are there.
    func download() async throws -> RunningProgram {
        let curl = try await RunningProgram.start(
            "curl", ["--silent", "--show-error", "--no-buffer", "http://127.0.0.1:\(port)/"])
        try await wait(for: "the download to begin") { curl.output.split(separator: "\n").count >= 2 }
        return curl
    }

    /// Starts a stream of numbered lines, and returns once the first ones are there.
    func ticks() async throws -> RunningProgram {
        let curl = try await RunningProgram.start(
            "curl", ["--silent", "--show-error", "--no-buffer", "http://127.0.0.1:\(port)/ticks?interval_ms=20"])
        try await wait(for: "the ticks to begin") { curl.output.split(separator: "\n").count >= 2 }
        return curl
    }

    /// Waits for more ticks and ends the stream; every line has to be there, once and in order.
    func expectUnbroken(_ curl: RunningProgram, location: SourceLocation = #_sourceLocation) async throws {
        let before = curl.output.utf8.count
        try await wait(for: "more ticks") { curl.output.utf8.count > before }
        curl.signal(SIGTERM)
        // The last line may be cut.
        let lines = try await curl.outcome().output.split(separator: "\n").dropLast()
        #expect(lines.elementsEqual((1...).prefix(lines.count).map { "\($0)" }), sourceLocation: location)
    }

    /// Waits for a download's end; every packet has to be there, once and in order.
    func expectComplete(_ curl: RunningProgram, location: SourceLocation = #_sourceLocation) async throws {
        let outcome = try await curl.outcome()
        let packets = outcome.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
        #expect(packets == (1...15).map { "[1.\($0)]" }, sourceLocation: location)
    }
}

/// Checks how a failed command ended: its status, one `error:` line that holds `words`, and nothing else but warnings
/// and the names of steps.
func expectError(
    _ outcome: Tool.Outcome, status: Int32 = 1, _ words: String..., location: SourceLocation = #_sourceLocation
) {
    let steps = ["round ", "stopped, sending ", "restoring ", "unpacking ", "cloning "]
    let lines = outcome.errors.split(separator: "\n").map(String.init)
    let errors = lines.filter { $0.hasPrefix("error: ") }
    let others = lines.filter { !$0.hasPrefix("error: ") && !$0.hasPrefix("warning: ") }
        .filter { line in !steps.contains { line.hasPrefix($0) } }
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    #expect(errors.count == 1, "\(outcome.errors)", sourceLocation: location)
    #expect(others == [], sourceLocation: location)
    for word in words {
        #expect(errors.first?.contains(word) == true, "no '\(word)' in: \(outcome.errors)", sourceLocation: location)
    }
}
