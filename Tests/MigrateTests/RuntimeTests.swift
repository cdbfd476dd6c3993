import LinuxSystem
import TestSupport
import Testing

@testable import Migrate

@Suite struct RuntimeTests {
    @Test func argumentVectors() {
        var command = RuntimeCommand(kind: .runc, stateFolder: "/state")
        #expect(command.list() == ["--root", "/state", "list", "--format", "json"])
        #expect(
            command.run(id: "c", bundle: "/b", log: "/l")
                == [
                    "--root", "/state", "--log", "/l", "--log-format", "json", "run", "--detach", "--bundle", "/b", "c",
                ])
        #expect(command.kill(id: "c", signal: "TERM") == ["--root", "/state", "kill", "c", "TERM"])
        #expect(command.delete(id: "c", force: true) == ["--root", "/state", "delete", "--force", "c"])
        command = RuntimeCommand(kind: .runc, canIgnoreCgroups: true)
        #expect(
            command.checkpoint(id: "c", images: "/i", work: "/w", pageServerPort: 77, lazy: false) == [
                "checkpoint", "--image-path", "/i", "--work-path", "/w", "--page-server", "127.0.0.1:77",
                "--tcp-established", "--file-locks", "--manage-cgroups-mode", "ignore", "c",
            ])
        command.canIgnoreCgroups = false
        #expect(
            command.restore(id: "c", bundle: "/b", images: "/i", work: "/w", log: "/l") == [
                "--log", "/l", "--log-format", "json", "restore", "--detach", "--bundle", "/b", "--image-path", "/i",
                "--work-path", "/w", "--tcp-established", "--file-locks", "c",
            ])
        #expect(
            command.restore(id: "c", bundle: "/b", images: "/i", work: "/w", log: "/l", lazy: true).contains(
                "--lazy-pages"))
    }

    @Test(
        arguments: [
            (
                #"{"level":"warning","msg":"w"}"# + "\n" + #"{"level":"error","msg":"no such file"}"# + "\n",
                "no such file"
            ),
            (#"time="2026" level=error msg="container \"x\" is gone""#, #"container "x" is gone"#),
            (
                "{\n  \"msg\": \"container `x` already exists\",\n  \"level\": \"error\"\n}\n",
                "container `x` already exists"
            ),
            ("plain words\n\n", "plain words"), ("", nil),
        ] as [(String, String?)])
    func findsTheReason(log: String, reason: String?) {
        #expect(RuntimeLog.lastMessage(of: log) == reason)
    }

    /// runc refuses an id whose state folder is there.
    @Test("what a runc that was killed in a restore leaves goes, and nobody else's files", .requires(tool: "runc"))
    func killedRestore() async throws {
        let folder = try TemporaryFolder()
        let runtime = try ContainerRuntime.find(explicit: "runc", stateFolder: folder.path)
        for name in ["empty", "half", "others"] { try Files.makeFolder("\(folder.path)/\(name)") }
        try Files.makeFolder("\(folder.path)/half/criu-root")
        try folder.write([], to: "half/state-123456")
        try folder.write([], to: "others/file")
        for name in ["empty", "half", "others"] {
            try await runtime.clearFailedRestore(of: name, in: "\(folder.path)/nowhere")
        }
        #expect(try Files.names(in: folder.path) == ["others"])
    }
}
