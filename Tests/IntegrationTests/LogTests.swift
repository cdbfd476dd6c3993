import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "What a container prints", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresRootfs)
struct LogTests {
    @Test("both streams, unfinished lines, times, a part of it; the exit status; gone with the container")
    func streams() async throws {
        try await Stage.empty { stage in
            let program = """
                import sys, time
                for text in ["one\\n", "tw"]: print(text, end="", flush=True)
                time.sleep(0.2)
                print("o", flush=True)
                print("wrong", file=sys.stderr, flush=True)
                time.sleep(1.1)
                print("\\nend", end="", flush=True)
                sys.exit(3)
                """
            try await stage.bundle("talker", program)
            #expect(try await stage.succeed("run", "talker", "--id", stage.id) == "\(stage.id)\n")
            #expect(try await stage.succeed("wait", stage.id) == "3\n")
            let list = try await stage.succeed("list")
            #expect(list.contains("\(stage.id)  -    stopped (exit 3)  \(stage.containers)/talker\n"))
            let json = try JSONDecoder().decode(
                [Container].self, from: Data(try await stage.succeed("list", "--json").utf8))
            #expect(json.map(\.exitCode) == [3])
            #expect(json.map(\.exitSignal) == [nil])

            let logs = try await stage.run("logs", stage.id)
            #expect(logs.output == "one\ntwo\n\nend")
            #expect(logs.errors == "wrong\n")
            #expect(try await stage.run("logs", "--follow", stage.id).output == logs.output)
            #expect(try await stage.run("logs", "--tail", "2", stage.id).output == "\nend")
            #expect(try await stage.run("logs", "--tail", "0", stage.id).output == "end")
            let times = try await stage.run("logs", "--timestamps", stage.id)
            let begins = times.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(begins.count == 4)
            #expect(begins.allSatisfy { $0.utf8.count == 30 && $0.hasSuffix("Z") })
            #expect(begins == begins.sorted())
            #expect(try await stage.run("logs", "--since", String(begins[2]), stage.id).output == "\nend")
            #expect(try await stage.run("logs", "--since", "1h", stage.id).output == logs.output)
            #expect(try await stage.run("logs", "--since", "2100-01-01", stage.id).output == "")
            // In the form that the Kubernetes CRI has made known.
            let file = try await Tool.shell("cut -d' ' -f2- '\(stage.logs)/1.log'")
            #expect(
                file == "stdout F one\nstdout P tw\nstdout F o\nstderr F wrong\nstdout F \nstdout P end\n")
            #expect(try await Tool.shell("stat -c %a '\(stage.logs)' '\(stage.logs)/1.log'") == "700\n600\n")
            #expect(try Files.names(in: stage.logs) == ["1.log", "state.json"])

            try await stage.succeed("delete", stage.id)
            #expect(!Files.exists("\(stage.state).logs"))
            expectError(try await stage.run("logs", stage.id), "no container '\(stage.id)'")
        }
    }

    @Test("--attach: the output, Ctrl-C handed on, the exit status")
    func attach() async throws {
        try await Stage.empty { stage in
            let program = """
                import signal, sys, time
                def stop(*_):
                    print("stopped", file=sys.stderr, flush=True)
                    sys.exit(5)
                signal.signal(signal.SIGINT, stop)
                print("ready", flush=True)
                time.sleep(100)
                """
            try await stage.bundle("talker", program)
            let run = try await stage.start("run", "--attach", "talker", "--id", stage.id)
            try await wait(for: "the output") { run.output == "ready\n" }
            run.signal(SIGINT)
            let outcome = try await run.outcome()
            #expect(outcome.status == 5)
            #expect(outcome.errors == "stopped\n")
            #expect(try await stage.listed().map(\.status) == ["stopped"])
        }
    }

    @Test("nothing of ours is in the container; nothing of the caller's is in the monitor, which is small")
    func hygiene() async throws {
        try await Stage.empty { stage in
            try await stage.bundle("talker", "pass")
            try await stage.succeed("config", "edit", "talker", "--args", "sleep", "--args", "100")
            // A caller's own descriptor, as a shell's redirection leaves it.
            let words = ["run", "talker", "--id", stage.id].map { "'\($0)'" }.joined(separator: " ")
            try await Tool.shell(
                "'\(Tool.commandLine)' \(words) --runtime-root '\(stage.state)' 7>'\(stage.folder.path)/callers'",
                in: stage.folder.path)
            let pid = try #require(try await stage.listed().first?.pid)
            #expect(try Files.names(in: "/proc/\(pid)/fd") == ["0", "1", "2"])
            let links = ["0", "1", "2"].map { Files.linkTarget("/proc/\(pid)/fd/\($0)") ?? "" }
            #expect(links[0] == "/dev/null")
            #expect(links[1].hasPrefix("pipe:") && links[2].hasPrefix("pipe:") && links[1] != links[2])
            #expect(
                try await Tool.shell("cut -d: -f2 /proc/\(pid)/fdinfo/1 | head -2 | tail -1").contains("01"),
                "the container's end of the pipe is for writing only")
            let status = try #require(Files.text(of: "/proc/\(pid)/status"))
            // Bit 12 is SIGPIPE.
            for field in ["SigIgn", "SigBlk"] {
                let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(field) })
                let mask = try #require(UInt64(line.suffix(16), radix: 16))
                #expect(mask & 0x7fff_ffff == 0, "\(line)")
            }

            let monitor = try stage.monitor()
            #expect(status.contains("PPid:\t\(monitor)\n"))
            let own = try Files.names(in: "/proc/\(monitor)/fd")
                .compactMap { Files.linkTarget("/proc/\(monitor)/fd/\($0)") }
            let expected = ["/dev/null", "pipe:", "socket:", "anon_inode:[", stage.logs]
            #expect(own.filter { link in !expected.contains { link.hasPrefix($0) } } == [])
            #expect(own.filter { $0.hasPrefix("pipe:") }.sorted() == links.dropFirst().sorted())
            let text = try #require(Files.text(of: "/proc/\(monitor)/status"))
            #expect(text.contains("Threads:\t1\n"))
            #expect(Files.linkTarget("/proc/\(monitor)/cwd") == "/")
            let anonymous = try #require(text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
            #expect(try #require(Int(anonymous.filter(\.isNumber))) < 4096)

            try await stage.succeed("delete", "--force", stage.id)
            try await wait(for: "the monitor's end") { kill(monitor, 0) != 0 }
        }
    }

    @Test("rotation: files of the size, as many as wanted; --follow misses nothing")
    func rotation() async throws {
        try await Stage.empty { stage in
            let program = """
                import os, time
                for block in range(200):
                    os.write(1, b"".join(b"%d\\n" % i for i in range(block * 100 + 1, block * 100 + 101)))
                    time.sleep(0.01)
                """
            try await stage.bundle("talker", program)
            try await stage.succeed(
                "run", "talker", "--id", stage.id, "--log-max-size", "64KiB", "--log-max-files", "2")
            let follow = try await stage.start("logs", "-f", stage.id)
            #expect(try await stage.succeed("wait", stage.id) == "0\n")
            let outcome = try await follow.outcome()
            #expect(outcome.errors == "")
            #expect(try await stage.isCounted(outcome.output) == 20_000)

            let files = try Files.names(in: stage.logs).filter { $0.hasSuffix(".log") }
            #expect(files.count == 2)
            #expect(!files.contains("1.log"))
            let sizes = try files.map { try Descriptor.open("\(stage.logs)/\($0)", O_RDONLY).status().st_size }
            #expect(sizes.allSatisfy { $0 <= 64 << 10 })
            let tail = try await stage.succeed("logs", "--tail", "1000", stage.id)
            #expect(tail.split(separator: "\n").elementsEqual((19_001...20_000).map { "\($0)" }))
        }
    }

    @Test("megabytes without a newline arrive whole, and the monitor does not grow")
    func endlessLine() async throws {
        try await Stage.empty { stage in
            let program = """
                import os, time
                for block in range(400):
                    data = b"%09d " % block * 2000
                    while data: data = data[os.write(1, data):]
                time.sleep(100)
                """
            try await stage.bundle("talker", program)
            try await stage.succeed("run", "talker", "--id", stage.id)
            let whole = (0..<400).map { block in
                String(repeating: String("00000000\(block)".suffix(9)) + " ", count: 2000)
            }.joined()
            try await wait(for: "all of it") {
                try await stage.succeed("logs", stage.id).utf8.count >= whole.utf8.count
            }
            #expect(try await stage.succeed("logs", stage.id) == whole)
            let status = try #require(Files.text(of: "/proc/\(try stage.monitor())/status"))
            let anonymous = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
            #expect(try #require(Int(anonymous.filter(\.isNumber))) < 4096)
        }
    }

    @Test("a full disk: the container goes on, and the log says what is missing")
    func fullDisk() async throws {
        try await Stage.empty { stage in
            let program = """
                import os, signal, sys, time
                def write(first, last):
                    for i in range(first, last): os.write(1, b"%d %s\\n" % (i, b"x" * 90))
                signal.signal(signal.SIGUSR1, lambda *_: write(50000, 50010))
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
                write(0, 50000)
                while True: time.sleep(100)
                """
            try await stage.bundle("talker", program)
            let disk = try await TemporaryMount.tmpfs(megabytes: 3)
            let root = ["--runtime-root", "\(disk.path)/state"]
            func bundletool(_ words: [String]) async throws -> Tool.Outcome {
                try await RunningProgram.run(Tool.commandLine, words + root, in: stage.folder.path)
            }
            let filler = "\(disk.path)/filler"
            try await Tool.shell("dd if=/dev/zero of='\(filler)' bs=1M count=1 status=none")
            #expect(try await bundletool(["run", "talker", "--id", stage.id]).status == 0)
            let list = try await bundletool(["list", "--json"]).output
            let pid = try #require(try JSONDecoder().decode([Container].self, from: Data(list.utf8)).first?.pid)
            // 5 MB: the container gets them all out.
            try await wait(for: "the container to be done") {
                (Files.text(of: "/proc/\(pid)/wchan") ?? "").contains("nanosleep")
            }
            unlink(filler)
            #expect(try await bundletool(["kill", stage.id, "USR1"]).status == 0)
            try await wait(for: "the log to go on") {
                try await bundletool(["logs", stage.id]).output.contains("\n50009 ")
            }
            // What the disk took comes in its order; in each gap as many lines are missing as it says.
            var next = 0
            var gaps = 0
            let log = try Files.contents(of: "\(disk.path)/state.logs/\(stage.id)/1.log")
            for entry in String(decoding: log, as: UTF8.self).split(separator: "\n") {
                let line = entry.dropFirst("2026-11-24T05:34:14.123456789Z stdout F ".utf8.count)
                if let number = Int(line.prefix { $0 != " " }) {
                    #expect(number == next)
                    next = number + 1
                } else {
                    #expect(line.hasSuffix("of the container's output are missing here: No space left on device]"))
                    next += try #require(line.split(separator: " ").compactMap { Int($0) }.first)
                    gaps += 1
                }
            }
            #expect(next == 50_010)
            #expect(gaps > 0)
            #expect(try await bundletool(["kill", stage.id]).status == 0)
            #expect(try await bundletool(["wait", stage.id]).output == "9\n")
            #expect(try await bundletool(["delete", stage.id]).status == 0)
        }
    }

    @Test("two containers: each its own log, its own end")
    func two() async throws {
        try await Stage.empty { stage in
            for (name, code) in [("a", 1), ("b", 2)] {
                try await stage.bundle(name, "import sys; print('\(name)'); sys.exit(\(code))")
                try await stage.succeed("run", name, "--id", "\(stage.id)-\(name)")
            }
            for (name, code) in [("a", 1), ("b", 2)] {
                #expect(try await stage.succeed("wait", "\(stage.id)-\(name)") == "\(code)\n")
                #expect(try await stage.succeed("logs", "\(stage.id)-\(name)") == "\(name)\n")
            }
            expectError(try await stage.run("run", "a", "--id", "\(stage.id)-b"), "there already")
            #expect(try await stage.succeed("logs", "\(stage.id)-b") == "b\n")
        }
    }

    @Test("the monitor is killed while the container writes: both end, and that is said")
    func killedMonitor() async throws {
        try await Stage.empty { stage in
            try await stage.bundle("talker", "while True: print('there', flush=True)")
            try await stage.succeed("run", "talker", "--id", stage.id)
            try await stage.waitForOutput("there\n")
            #expect(kill(try stage.monitor(), SIGKILL) == 0)
            // One that has not written yet would get another monitor.
            try await wait(for: "the container to end") { try await stage.listed().map(\.status) == ["stopped"] }
            expectError(try await stage.run("wait", stage.id), "its monitor was killed")
            #expect(try await stage.succeed("list").contains("stopped "))
            #expect(try await stage.run("logs", "-f", stage.id).output.hasPrefix("there\nthere\n"))
            try await stage.succeed("delete", stage.id)
            #expect(!Files.exists("\(stage.state).logs"))
        }
    }

    @Test("crun: the same", .requires(tool: "crun"))
    func crun() async throws {
        try await Stage.empty { stage in
            try await stage.bundle("talker", "import sys; print('hello'); sys.exit(4)")
            // In a mount namespace without the second cgroup hierarchy, which old crun versions do not take.
            func bundletool(_ words: String...) async throws -> Tool.Outcome {
                let command = (words + ["--runtime", "crun", "--runtime-root", stage.state]).joined(separator: " ")
                return try await RunningProgram.run(
                    "unshare",
                    [
                        "--mount", "--propagation", "private", "sh", "-euc",
                        """
                        if grep -q " /sys/fs/cgroup/unified " /proc/mounts; then umount /sys/fs/cgroup/unified; fi
                        exec \(Tool.commandLine) \(command)
                        """,
                    ], in: stage.folder.path)
            }
            let run = try await bundletool("run", "talker", "--id", stage.id)
            #expect(run.succeeded, "\(run.errors)")
            #expect(try await bundletool("wait", stage.id).output == "4\n")
            #expect(try await bundletool("logs", stage.id).output == "hello\n")
            #expect(try await bundletool("list").output.contains("stopped (exit 4)"))
            #expect(try await bundletool("delete", stage.id).succeeded)
            #expect(!Files.exists("\(stage.state).logs"))
        }
    }

    @Test("a program that is not there: one line, and nothing is left")
    func failedStart() async throws {
        try await Stage.empty { stage in
            try await stage.bundle("talker", "pass")
            try await stage.succeed("config", "edit", "talker", "--args", "missing")
            expectError(try await stage.run("run", "talker", "--id", stage.id), "missing")
            #expect(try await stage.listed().isEmpty)
            try await wait(for: "the monitor's end") { !Files.exists("\(stage.state).logs") }
            for id in ["..", "a/b", ""] { expectError(try await stage.run("run", "talker", "--id", id)) }
            expectError(try await stage.run("run", "talker", "--log-max-size", "10"), status: 2, "KiB")
            expectError(try await stage.run("run", "talker", "--log-max-files", "0"), status: 2)
        }
    }

    @Test("run killed at any moment: no half container is left", arguments: [5, 20, 60, 120])
    func killedRun(milliseconds: Int) async throws {
        try await Stage.empty { stage in
            try await stage.bundle("talker", "print('there', flush=True); import time; time.sleep(100)")
            let run = try await stage.start("run", "talker", "--id", stage.id)
            try await Task.sleep(for: .milliseconds(milliseconds))
            run.signal(SIGKILL)
            _ = try await run.outcome()
            func processes() async throws -> String {
                try await Tool.shell("pgrep -f -- '\(stage.state)[. ]' || true")
            }
            // Either it runs, with all that belongs to it, or there is nothing.
            try await wait(for: "an end of it") {
                guard try await stage.listed().isEmpty else {
                    return try await stage.run("logs", stage.id).output == "there\n"
                }
                return try await processes() == "" && !Files.exists("\(stage.state).logs")
            }
        }
    }
}
