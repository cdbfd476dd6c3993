import Testing

@testable import Migrate

@Suite struct RuntimeLogTests {
    @Test func criuErrorsAreThoseThatSayWhy() {
        let log = """
            (00.032750) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted
            (00.077459)      1: Error (criu/files-reg.c:2267): Can't open file usr/bin/python3.11: No such file or directory
            (00.077460)      1: Error (criu/mem.c:948): Can't fixup VMA's fd
            (00.078295) Error (criu/cr-restore.c:2331): Restoring FAILED.
            (00.079899) Error (criu/cgroup.c:2055): cg: cgroupd: recv req error: No such file or directory
            """
        #expect(
            RuntimeLog.criuErrors(of: log)
                == "Error (criu/files-reg.c:2267): Can't open file usr/bin/python3.11: No such file or directory"
                + " | Error (criu/mem.c:948): Can't fixup VMA's fd")
        #expect(RuntimeLog.criuErrors(of: "(00.01) Error (criu/util.c:1): rlimit: Can't setup RLIMIT_NOFILE\n") == nil)
    }
}
