import LinuxSystem
import Testing

@testable import Migrate

@Suite struct MonitorMessageTests {
    @Test(
        "a request comes out as it went in",
        arguments: [
            .run(arguments: ["/usr/bin/runc", "run", "--bundle", "a b", ""], undo: []),
            .run(arguments: ["x"], undo: ["y", "é\n"]),
            .restore(arguments: ["runc", "restore"], environment: ["PATH=/bin", "EMPTY="]),
            .stop, .adopt(pid: 17, pipes: [4_026_531_840, .max]), .hold, .settle(isElsewhere: true),
            .settle(isElsewhere: false),
        ] as [MonitorRequest])
    func request(_ request: MonitorRequest) {
        #expect(MonitorRequest(packet: request.packet) == request)
    }

    @Test(
        "what is no request is none",
        arguments: [
            "", "boil", "run", "run\u{0}2\u{0}a\u{0}0", "run\u{0}-1\u{0}0", "run\u{0}1\u{0}a", "adopt",
            "adopt\u{0}x\u{0}0",
            "adopt\u{0}1", "restore\u{0}99999999999999999999\u{0}a",
        ])
    func noRequest(_ text: String) {
        #expect(MonitorRequest(packet: Array(text.utf8)) == nil)
    }

    @Test(
        "so does a reply",
        arguments: [
            .done, .started(pid: 1), .ended(.exited(137)), .ended(.killed(signal: 9)), .failed("no such file: a b"),
            .failed(""),
        ] as [MonitorReply])
    func reply(_ reply: MonitorReply) {
        #expect(MonitorReply(packet: reply.packet) == reply)
    }

    @Test("a reply is never longer than a reader takes")
    func longReply() throws {
        let packet = MonitorReply.failed(String(repeating: "é", count: 10_000)).packet
        #expect(packet.count <= MonitorReply.largest)
        guard case .failed = MonitorReply(packet: packet) else { throw MigrateError(.malformed, "no failure") }
    }

    @Test("the state is kept on disk as it is")
    func state() throws {
        var state = MonitorState(monitor: 5, limits: LogLimits(fileSize: 1 << 20, files: 2))
        state.container = 7
        state.pipes = [.max, 0]
        #expect(MonitorState(json: state.json) == state)
        state.setEnd(.killed(signal: 9))
        #expect(MonitorState(json: state.json) == state)
        #expect(MonitorState(json: state.json)?.end == .killed(signal: 9))
        #expect(MonitorState(json: Array("{}".utf8)) == nil)
    }
}
