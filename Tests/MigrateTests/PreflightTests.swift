import Glibc
import OCIConfig
import Testing

@testable import Migrate

@Suite struct PreflightTests {
    @Test(
        arguments: [
            ("3.17.1", "6.1.0-18-amd64", true), ("4.1.1", "6.12.74+deb13-cloud-amd64", true),
            ("4.1.1", "6.13.0", false), ("4.2", "6.18.44", true), ("4.2.1", "7.0", true),
            ("3.19", "6.18.1-arch", false),
        ])
    func versions(criu: String, kernel: String, fits: Bool) {
        #expect((MachineChecks.versionProblem(criu: criu, kernel: kernel) == nil) == fits)
    }

    @Test(
        arguments: [
            (2_048_000, nil), (2_048_001, "2 MB of memory, and 2 MB are free"), (0, nil),
        ] as [(Int, String?)])
    func memory(needed: Int, problem: String?) {
        let meminfo =
            "MemTotal: 9999999 kB\nMemFree: 7 kB\nMemAvailable:    1500 kB\nSwapFree: 500 kB\nHugePages_Free: 9\n"
        let found = MachineChecks.memoryProblem(needed: needed, meminfo: meminfo)
        if let problem { #expect(found?.contains(problem) == true, "\(found ?? "")") } else { #expect(found == nil) }
        #expect(
            MachineChecks.memoryProblem(
                needed: 2_048_100, meminfo: meminfo, cache: "name type data\nsize    4    100\n") == nil)
        #expect(MachineChecks.memoryProblem(needed: 2_048_101, meminfo: meminfo, cache: "size    4    100\n") != nil)
        // Before Linux 3.14 it was not there; and /proc need not be readable.
        #expect(MachineChecks.memoryProblem(needed: .max, meminfo: "MemFree: 7 kB\n") == nil)
        #expect(MachineChecks.memoryProblem(needed: .max, meminfo: nil) == nil)
    }

    @Test func oneProblemIsOneLine() {
        #expect(Preflight.message("c", ["a"]) == "container c cannot be moved, and runs on: a")
        #expect(Preflight.message("c", ["a", "b"]) == "container c cannot be moved, and runs on: (1) a; (2) b")
    }

    @Test(
        arguments: [
            ("anon_inode:[io_uring]", S_IFREG, 0, 0, true, "[io_uring]"),
            ("anon_inode:[eventfd]", S_IFREG, 0, 0, true, nil), ("pipe:[123]", S_IFIFO, 0, 0, false, nil),
            ("/memfd:x (deleted)", S_IFREG, 0, 0, false, nil), ("/dev/null", S_IFCHR, 1, 3, false, nil),
            ("/dev/fuse", S_IFCHR, 10, 229, true, "10:229"), ("/dev/loop0", S_IFBLK, 7, 0, true, "7:0"),
            ("/dev/pts/0", S_IFCHR, 136, 0, true, nil), ("/dev/pts/0", S_IFCHR, 136, 0, false, "terminal"),
            ("/var/log/x", S_IFREG, 0, 0, true, nil), ("/var/log/x", S_IFREG, 0, 0, false, "outside the container"),
        ] as [(String, UInt32, UInt32, UInt32, Bool, String?)])
    func descriptors(
        target: String, kind: UInt32, major: UInt32, minor: UInt32, isMounted: Bool, words: String?
    ) {
        var status = stat()
        status.st_mode = kind
        status.st_rdev = dev_t(major << 8 | minor & 0xff | (minor & ~0xff) << 12)
        let problem = DescriptorChecks.problem(target, status: status, isMounted: isMounted)
        #expect((problem == nil) == (words == nil), "\(problem ?? "nothing")")
        if let words { #expect(problem?.contains(words) == true) }
    }

    @Test func configurationsThatDoNotFit() throws {
        let one = try RuntimeSpec(
            parsing: Array(
                #"""
                {"ociVersion": "1.0.2", "process": {"terminal": true, "cwd": "/"},
                 "mounts": [{"destination": "/data", "type": "bind", "source": "/srv"}],
                 "linux": {"namespaces": [{"type": "network", "path": "/run/netns/a"}, {"type": "pid"}]}}
                """#.utf8))
        let other = try RuntimeSpec(
            parsing: Array(
                #"""
                {"ociVersion": "1.0.2", "process": {"cwd": "/"},
                 "mounts": [{"destination": "/more", "options": ["rbind"], "source": "/srv"}],
                 "linux": {"namespaces": [{"type": "network"}, {"type": "pid"}]}}
                """#.utf8))
        let problems = ConfigNeeds(one).problems(with: ConfigNeeds(other), at: "/b", onOneMachine: true)
        #expect(problems.count == 4)
        for (problem, words) in zip(
            problems, ["terminal", "lacks the mount /data", "binds /more", "network namespace"])
        {
            #expect(problem.contains(words))
        }
        let same = ConfigNeeds(other)
        #expect(same.problems(with: same, at: "/b", onOneMachine: true) == [])
        // On another machine, a namespace's path is only a name.
        var there = ConfigNeeds(one)
        there.terminal = false
        var here = there
        here.namespaces[0].path = "/run/netns/b"
        #expect(there.problems(with: here, at: "/b", onOneMachine: false) == [])
        #expect(there.problems(with: here, at: "/b", onOneMachine: true).count == 1)
        #expect(there.problems(with: same, at: "/b", onOneMachine: false).count == 3)
    }

    @Test(
        arguments: [
            ("4.2.1", "4.2", true), ("4.2", "4.2.1", true), ("4.1.1", "4.2", false), ("3.19", "4.0", false),
            ("5.0", "4.2.1", true), ("4.2-33-gabc", "4.2", true),
        ])
    func agesOfCRIU(here: String, source: String, fits: Bool) {
        #expect((MachineChecks.ageProblem(criu: here, source: source) == nil) == fits)
    }

    @Test func processorsThatDoNotFit() {
        let text = "processor\t: 0\nflags\t\t: fpu sse4_2 avx2 hypervisor arat\n\nprocessor\t: 1\nflags\t\t: fpu\n"
        let features = Processor.features(text)
        #expect(features == ["fpu", "sse4_2", "avx2", "hypervisor", "arat"])
        #expect(features.filter(Processor.isInstruction) == ["sse4_2", "avx2"])
        #expect(Processor.features("Features\t: fp asimd\n") == ["fp", "asimd"])
        let one = Processor(architecture: "x86_64", features: ["sse4_2", "avx512f", "avx2"])
        #expect(one.missing(in: features) == ["avx512f"])
        #expect(Processor.here().problems() == [])
        #expect(Processor(architecture: "pdp11", features: []).problems().count == 1)
    }

    @Test(
        arguments: [
            ("pos:\t0\nflags:\t02102001\nmnt_id:\t1\n", true), ("flags:\t0100001\n", false),
            ("flags:\t02102002\n", false), ("", false),
        ])
    func logsMayHaveAnotherSize(fdinfo: String, isLog: Bool) {
        #expect(UsedFiles.isLog(fdinfo) == isLog)
    }

    @Test func listsOfFilesAreSentInPieces() {
        let files = (0..<3000).map {
            UsedFile(path: "/" + String(repeating: "a", count: 1000 + $0), mode: 0o100644, size: $0, isMapped: false)
        }
        let messages = UsedFilesMessage.all(of: files)
        #expect(messages.count > 10)
        #expect(messages.flatMap(\.files) == files)
        #expect(messages.map(\.isLast) == messages.dropLast().map { _ in false } + [true])
        #expect(UsedFilesMessage.all(of: []).map(\.isLast) == [true])
    }

    /// Lines that CRIU 4.2.1 wrote when these things were tried.
    @Test(
        arguments: [
            ("Error (criu/sk-unix.c:874): unix: External socket is used. Consider using --ext-unix-sk option.", "Unix"),
            (
                "Error (criu/files-ext.c:94): Can't dump file 3 of that type [600] (anon anon_inode:[userfaultfd])",
                "userfaultfd"
            ),
            (
                "Error (criu/files-ext.c:94): Can't dump file 3 of that type [600] (anon anon_inode:[perf_event])",
                "counter"
            ),
            ("Error (criu/files-ext.c:94): Can't dump file 3 of that type [20666] (chr 10:229)", "device"),
            ("Error (criu/tun.c:306): tun: Net namespace is required to dump tun link", "tun"),
            ("Error (criu/proc_parse.c:502): Unknown shit 100600 (/secretmem (deleted))", "secret"),
            ("Error (criu/cr-dump.c:389): Can't get rlimit 0: Operation not permitted", "CAP_SYS_RESOURCE"),
            ("Error (criu/files-reg.c:1790): Can't lookup mount=27 for fd=1 path=/tmp/wl/hostfile", "outside"),
            (
                "Error (criu/files-reg.c:1031): Can't dump ghost file /tmp/ghost of 3002368 size, increase limit",
                "no name"
            ),
            ("Error (soccr/soccr.c:94): Can't turn TCP repair mode ON: Operation not permitted", "TCP"),
            ("Error (criu/cr-dump.c:1655): Timeout reached. Try to interrupt: 0", "ten seconds"),
            (
                "Error (criu/files-reg.c:2267): Can't open file usr/bin/python3.11: No such file or directory",
                "--rootfs sync"
            ),
        ])
    func meanings(line: String, word: String) {
        #expect(RuntimeLog.meaning(of: "(00.1) Something\n(00.2) \(line)\n")?.contains(word) == true)
        #expect(RuntimeLog.meaning(of: "(00.1) Something\n") == nil)
    }

    @Test func forecasts() {
        let known = MigrationForecast(
            container: "c", source: "/a", destination: "/b", memory: 100_000_000, changing: 1_000_000,
            linkRate: 10_000_000, rounds: 0, converges: true, bytes: 0, frozenBytes: 0, transferSeconds: 0)
        let whole = Migrator.forecast(known, readSeconds: 0.1, nil)
        #expect(whole.transferSeconds == 10)
        #expect(whole.frozenBytes == 100_000_000)
        let rounds = Migrator.forecast(known, readSeconds: 0.1, Convergence())
        #expect(rounds.converges)
        #expect(rounds.rounds >= 2)
        #expect(rounds.transferSeconds < 0.3)
        var busy = known
        busy.changing = 50_000_000
        #expect(!Migrator.forecast(busy, readSeconds: 0.1, Convergence()).converges)
    }
}

@Suite struct TimerImageTests {
    /// CRIU's `file_entry` of a timerfd: type, id, and the timer's own message.
    private static func image(seconds: UInt64, nanoseconds: UInt64, interval: UInt64) -> [UInt8] {
        var timer = ProtobufWriter()
        let fields: [(UInt64, UInt64)] = [
            (1, 9), (2, 2), (4, 1), (5, 1), (6, 0), (7, seconds), (8, nanoseconds), (9, 0), (10, interval),
        ]
        for (number, value) in fields { timer.field(number, value) }
        var entry = ProtobufWriter()
        entry.field(1, 17)
        entry.field(2, 9)
        entry.field(12, timer.bytes)
        return ImageFile.bytes(of: [entry.bytes], magic: 0x5630_3138)
    }

    @Test func expiredPeriodicTimersGoOn() throws {
        let repaired = try TimerImage.rearmed(Self.image(seconds: 0, nanoseconds: 0, interval: 50_000_000))
        #expect(repaired == Self.image(seconds: 0, nanoseconds: 50_000_000, interval: 50_000_000))
    }

    @Test func othersStay() throws {
        #expect(try TimerImage.rearmed(Self.image(seconds: 1, nanoseconds: 0, interval: 50_000_000)) == nil)
        #expect(try TimerImage.rearmed(Self.image(seconds: 0, nanoseconds: 0, interval: 0)) == nil)
        #expect(throws: MigrateError.self) { try TimerImage.rearmed([1, 2, 3]) }
    }
}
