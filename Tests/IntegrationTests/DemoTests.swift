import FoundationEssentials
import FoundationXML
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Demo", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"), .requires(tool: "curl"),
    .requiresCRIU, .requiresRootfs)
struct DemoTests {
    @Test("both kinds at one rate: packets, table, picture, and nothing left")
    func whole() async throws {
        try await Stage.empty { stage in
            let demo = try await stage.start("demo", "--size", "20", "--bandwidth", "200MB/s", "--report", "demo.svg")
            let outcome = try await demo.outcome()
            try #require(outcome.succeeded, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            for request in 1...2 {
                let packets = lines.map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("[\(request).") }
                #expect(packets.map { $0.prefix { $0 != " " } } == (1...15).map { "[\(request).\($0)]" })
            }
            #expect(lines.filter { $0.contains("of silence while the container moved") }.count == 2)
            let table = lines.drop { !$0.hasPrefix("MODE") }
            #expect(table.dropFirst().prefix(2).map { $0.prefix { $0 != " " } } == ["stop-and-copy", "--predump"])
            #expect(table.dropFirst().prefix(2).allSatisfy { $0.contains("200MB/s") })

            let picture = try Files.contents(of: "\(stage.folder.path)/demo.svg")
            let parser = XMLParser(data: Data(picture))
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
            let circles = String(decoding: picture, as: UTF8.self).split(separator: "<circle").count - 1
            // The packets of both runs, and the legend's.
            #expect(circles == 31)
            #expect(try await stage.listed().isEmpty)
            #expect(!Files.exists("/var/tmp/bundletool-demo-\(demo.pid)"))
            #expect(try Files.names(in: stage.folder.path).filter { $0 != "state" } == ["demo.svg"])
        }
    }

    @Test("interrupted in the middle: no container, folder or process is left", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        try await Stage.empty { stage in
            let demo = try await stage.start("demo", "--size", "20", "--bandwidth", "5MB/s")
            try await wait(for: "curl to download") { try await Self.curl(of: demo.pid) != nil }
            let curl = try #require(try await Self.curl(of: demo.pid))
            let server = try #require(try await stage.listed().first?.pid)
            demo.signal(signal)
            expectError(try await demo.outcome())
            #expect(try await stage.listed().isEmpty)
            #expect(!Files.exists("/var/tmp/bundletool-demo-\(demo.pid)"))
            for pid in [curl, server] {
                try await wait(for: "the end of process \(pid)") {
                    Files.text(of: "/proc/\(pid)/stat").map { $0.contains(") Z ") } ?? true
                }
            }
        }
    }

    @Test("a picture that cannot be written is said before anything is done")
    func unwritable() async throws {
        try await Stage.empty { stage in
            expectError(try await stage.run("demo", "--report", "missing/demo.svg"), "missing/demo.svg")
            #expect(try Files.names(in: stage.folder.path) == [])
        }
    }

    /// The process id of the curl that a demo has started.
    private static func curl(of demo: Int32) async throws -> Int32? {
        for task in (try? Files.names(in: "/proc/\(demo)/task")) ?? [] {
            for child in (Files.text(of: "/proc/\(demo)/task/\(task)/children") ?? "").split(separator: " ")
            where Files.text(of: "/proc/\(child)/comm") == "curl\n" {
                return Int32(child)
            }
        }
        return nil
    }
}
