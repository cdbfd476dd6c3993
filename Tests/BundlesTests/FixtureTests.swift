import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

@Suite("The pyserver fixture", .requires(tool: "python3"), .requires(tool: "curl"))
struct FixtureTests {
    private static let server =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/fixtures/pyserver/server.py"

    @Test("answers with numbered packets, ticks, its checksum and its time; memory changes only when told to")
    func answers() async throws {
        let folder = try TemporaryFolder()
        // A port that is free: the one that the kernel gives to a socket of our own.
        let script = """
            port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
            PYSERVER_BIND=127.0.0.1 python3 '\(Self.server)' 8 $port </dev/null >out 2>&1 & server=$!
            trap 'kill $server' EXIT
            get() { curl -sS --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port$1"; }
            get /checksum >sum1
            get '/ticks?interval_ms=1&count=5' >ticks
            get /time >time
            get '/ticks?count=x' >bad
            get /checksum >sum2
            get '/dirty?percent_per_s=100'; sleep 0.3; get '/dirty?percent_per_s=0'; get /checksum >sum3
            get / >packets1 & one=$!
            get /other >packets2; wait $one
            """
        try await Tool.shell(script, in: folder.path)
        func text(_ name: String) throws -> String { try #require(Files.text(of: "\(folder.path)/\(name)")) }
        #expect(try text("out") == "", "nothing is said on standard output or error")
        #expect(try text("ticks") == "1\n2\n3\n4\n5\n")
        let sums = try ["sum1", "sum2", "sum3"].map { try text($0).split(separator: ",")[0] }
        #expect(sums[0] == sums[1] && sums[1] != sums[2])
        #expect(try text("sum1").contains("\"bytes\": 8000000, \"requests\": 0"))
        #expect(try text("sum2").contains("\"requests\": 3"))
        #expect(try Double(text("time").trimmed).map { abs($0 - Double(time(nil))) < 60 } == true)
        let requests = try ["packets1", "packets2"].map { try text($0).split(separator: "\n") }
        for lines in requests {
            #expect(lines.count == 15)
            let request = lines[0].dropFirst().prefix { $0 != "." }
            for (index, line) in lines.enumerated() { #expect(line.hasPrefix("[\(request).\(index + 1)] ")) }
            #expect(lines.allSatisfy { $0.wholeMatch(of: /\[[12]\.\d+\] \d\d:\d\d:\d\d/) != nil })
        }
        #expect(requests[0][0].prefix(3) != requests[1][0].prefix(3), "each request has its own number")
    }
}
