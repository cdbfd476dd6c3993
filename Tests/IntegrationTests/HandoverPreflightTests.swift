import FoundationEssentials
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "What cannot be handed over is told by both ends before anything is disturbed", .serialized,
    .timeLimit(.minutes(5)), .requiresRoot, .requires(tool: "runc"), .requires(tool: "ip"), .requires(tool: "python3"),
    .requiresCRIU, .requiresRootfs)
struct HandoverPreflightTests {
    @Test("--dry-run looks at both ends and predicts; nothing is moved, and nothing left")
    func dryRun() async throws {
        try await HandoverStage.serving { both in
            let before = try await both.stage.listed()
            let look = try await both.stage.succeed(words: both.migration(both.receiver(), "--dry-run", "--json"))
            let forecast = try JSONDecoder().decode(MigrationForecast.self, from: Data(look.utf8))
            #expect(forecast.destination == "\(both.stage.folder.path)/there/moved")
            #expect(forecast.memory > 5_000_000 && forecast.rounds >= 1)
            #expect(try await both.stage.listed() == before)
            #expect(try await both.owners() == ["1"])
            #expect(try both.leftovers() == [])
            expectError(
                try await both.stage.run(both.migration(both.receiver(), "--rootfs", "sync")), status: 2,
                "--receiver brings no files")
        }
    }

    /// The receiver's machine has a processor with fewer instructions, and an older CRIU.
    @Test("machine, configuration and files of the receiver: all that does not fit, at once")
    func receiver() async throws {
        try await HandoverStage.serving { both in
            let stage = both.stage
            let before = try await stage.listed()
            let rules = try await both.firewallRules()
            let ticks = try await both.ticks()
            try await stage.succeed(
                "config", "edit", "./there/moved", "--linux-namespace-add", "network:/run/netns/not-there",
                "--mounts-remove", "/dev/mqueue", "--mounts-add",
                #"{"destination": "/data", "type": "bind", "source": "/nowhere/at/all", "options": ["bind"]}"#)
            let criu = try await CRIUInstallation.find(explicit: nil).path
            let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Version: 4.0' || exec '\(criu)' \"$@\"\n"
            try Files.write(Array(script.utf8), to: "\(stage.folder.path)/old-criu", mode: 0o755)
            // The library keeps its size.
            try await Tool.shell(
                #"""
                for file in $(find there/moved/rootfs/ -name 'libc.so.6' -type f); do
                    printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
                done
                sed 's/ sse2 / /' /proc/cpuinfo >cpuinfo
                sed -E 's/^(MemAvailable|SwapFree):.*/\1: 1000 kB/' /proc/meminfo >meminfo
                """#, in: stage.folder.path)
            let receiver =
                "unshare -m sh -c 'for file in cpuinfo meminfo; do mount --bind \(stage.folder.path)/$file /proc/$file; "
                + "done; \(both.receiver()) "
                + "--criu \(stage.folder.path)/old-criu'"
            for words in [[], ["--dry-run"], ["--ignore-processor"]] {
                let outcome = try await stage.run(both.migration(receiver) + words)
                expectError(
                    outcome, "container \(stage.id) cannot be moved, and runs on: (1) at the receiver: ", "(6) at the",
                    "CRIU 4.0 is older", "/dev/mqueue", "binds /data", "/nowhere/at/all", "/run/netns/not-there",
                    "libc.so.6 (content)", "2 MB are free")
                #expect(
                    outcome.errors.contains("lacks sse2,") == (words != ["--ignore-processor"]), "\(outcome.errors)")
            }
            #expect(try await stage.listed() == before)
            #expect(try await both.firewallRules() == rules)
            try await stage.expectUnbroken(ticks)
            #expect(try both.leftovers() == [])
        }
    }

    /// What is held is kept frozen, which bundletool must not be with it.
    @Test("a container without a cgroup of its own is refused", .requiresCrun)
    func sharedCgroup() async throws {
        try await Stage.serving(
            megabytes: 5, with: .crun,
            prepare: { stage in
                let crun = "\(stage.folder.path)/crun"
                let script = "#!/bin/sh\nexec \(StageRuntime.crunPath) --cgroup-manager=disabled \"$@\"\n"
                try Files.write(Array(script.utf8), to: crun, mode: 0o755)
                var prefix = StageRuntime.crunPrefix
                let joining = "mkdir -p $group && echo $$ >$group/cgroup.procs"
                prefix[4] =
                    "group=/sys/fs/cgroup/\(stage.id); mount -t cgroup2 none /sys/fs/cgroup && \(joining) && exec \"$@\""
                stage.use(runtime: crun, prefix: prefix)
            },
            { stage in
                let before = try await stage.listed()
                expectError(
                    try await stage.run("migrate", "--receiver", "exit 255", stage.id, "there"),
                    "(1) here: the container is in no cgroup of its own")
                #expect(try await stage.listed() == before)
                #expect(try stage.leftovers() == [])
            })
    }

    @Test("what is wrong here is listed with what is wrong there, also where the receiver cannot be asked")
    func both() async throws {
        try await HandoverStage.serving { both in
            let stage = both.stage
            try await Tool.shell("runc --root '\(stage.state)' exec -d \(stage.id) /bin/sleep 60")
            let before = try await stage.listed()
            let absent = ["migrate", "--receiver", both.receiver() + " --criu /no/criu", stage.id, "absent"]
            expectError(
                try await stage.run(absent), "(1) here: ", "(exec)", "(2) at the receiver: there is no bundle",
                "(3) at the receiver: /no/criu")
            expectError(
                try await stage.run(both.migration("echo no such host >&2; exit 255")), "(1) here: ", "(exec)",
                "(2) at the receiver: ", "no such host")
            // Somebody else has the id there, and works on the bundle.
            let there = ["--runtime-root", both.state2]
            #expect(try await both.bundletool(["run", "./there/moved", "--id", stage.id] + there).succeeded)
            let lock = try Descriptor.open("\(stage.folder.path)/there/moved", O_RDONLY | O_DIRECTORY)
            #expect(try lock.tryLock())
            expectError(
                try await stage.run(both.migration(both.receiver())), "(1) here: ", "(2) at the receiver: the bundle ",
                "in use by another bundletool", "(3) at the receiver: there is a container \(stage.id) already, running"
            )
            lock.unlock()
            #expect(try await stage.listed() == before)
            #expect(try both.leftovers() == [])
            _ = try await both.checksum(at: "1")
        }
    }
}
