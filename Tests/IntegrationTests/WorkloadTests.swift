import Bundles
import Glibc
import LinuxSystem
import Migrate
import TestSupport
import Testing

@Suite(
    "Moving servers under load", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requires("workloads-rootfs.tar.gz in the cache", Files.exists(workloadsRootfs)))
struct WorkloadTests {
    @Test("redis: no answer is lost or given twice, and its log on disk holds what its memory holds")
    func redis() async throws {
        let settings = "appendonly yes\nappendfsync everysec\nsave \"\"\ndir /var/lib/redis\nbind 127.0.0.1\n"
        try await Workload.serving(
            { ["/usr/bin/redis-server", "/etc/server.conf", "--port", "\($0.port)"] },
            prepare: { _, rootfs in
                try Files.write(Array(settings.utf8), to: "\(rootfs)/etc/server.conf")
                try await Tool.shell("mkdir -p var/lib/redis", in: rootfs)
            }
        ) { load in
            let port = "\(load.stage.port)"
            let client = try await RunningProgram.start("python3", [fixture("redis-client.py"), port])
            try await wait(for: "the client") { client.output.split(separator: "\n").count == 4 }
            let benchmark = try await load.start("redis-benchmark", "-p", port, "-t", "set,lpush", "-n", "60000", "-q")
            for _ in 1...2 {
                let report = try await load.move()
                #expect(report.files.running.bytes + report.files.frozen.bytes > 0)
            }
            let outcome = try await benchmark.outcome()
            #expect(outcome.succeeded, "\(outcome.errors)")
            #expect(!outcome.output.contains("Error"))
            #expect(try await load.count(client) > 100)

            // What it reads from its files when it starts anew is what it had in memory.
            func keys() async throws -> String {
                try await load.start("redis-cli", "-p", port, "DEBUG", "DIGEST").outcome().output
            }
            try await Tool.shell("sleep 1.5")
            let before = try await load.start("redis-cli", "-p", port, "DBSIZE").outcome().output
            let counters = try await load.start("redis-cli", "-p", port, "MGET", "counter:0", "counter:3").outcome()
            try await load.stop("TERM")
            let bundle = try #require(try await load.stage.listed().first?.bundle)
            try await load.stage.succeed("delete", load.stage.id)
            try await load.stage.succeed("run", bundle, "--id", load.stage.id)
            try await wait(for: "redis to read its log") {
                try await load.start("redis-cli", "-p", port, "DBSIZE").outcome().output == before
            }
            let again = try await load.start("redis-cli", "-p", port, "MGET", "counter:0", "counter:3").outcome()
            #expect(again.output == counters.output)
        }
    }

    @Test("nginx, a master and two workers: downloads and kept connections go on, each request is logged once")
    func nginx() async throws {
        // Workers of another user can be dumped only by a root that has all privileges.
        let user = Privilege.resource ? "" : "user root;"
        try await Workload.serving(
            { _ in ["/usr/sbin/nginx", "-c", "/etc/nginx/server.conf"] },
            prepare: { stage, rootfs in
                let settings = """
                    \(user) daemon off; worker_processes 2; pid /run/nginx.pid; error_log /var/log/error.log;
                    events { worker_connections 64; }
                    http {
                        access_log /var/log/access.log; keepalive_requests 1000000; keepalive_timeout 60; sendfile on;
                        server {
                            listen 127.0.0.1:\(stage.port); root /srv;
                            location /slow { limit_rate 3m; limit_rate_after 1; alias /srv/; }
                        }
                    }
                    """
                try Files.write(Array(settings.utf8), to: "\(rootfs)/etc/nginx/server.conf", mode: 0o644)
                try await Tool.shell(
                    """
                    mkdir -p var/log var/lib/nginx run
                    head -c 20000000 /dev/urandom >srv/large; head -c 30000 srv/large >srv/small; chmod 644 srv/*
                    """, in: rootfs)
            }
        ) { load in
            let url = "http://127.0.0.1:\(load.stage.port)/slow/large"
            let rootfs = "\(load.stage.containers)/server/rootfs"
            let clients = [
                try await RunningProgram.start(
                    "python3", [fixture("http-client.py"), "\(load.stage.port)", "/small", "\(rootfs)/srv/small"]),
                try await RunningProgram.start(
                    "python3", [fixture("http-client.py"), "\(load.stage.port)", "/small", "\(rootfs)/srv/small"]),
            ]
            for client in clients { try await wait(for: "an answer") { client.output.contains("asking") } }
            let sums = try await (0..<2).asyncMap { _ in
                try await RunningProgram.start("/bin/sh", ["-c", "curl -sS --fail \(url) | sha256sum"])
            }
            try await Tool.shell("sleep 0.5")
            for _ in 1...2 { _ = try await load.move() }
            let expected = try await Tool.shell("sha256sum <\(rootfs)/srv/large")
            for sum in sums { #expect(try await sum.outcome().output == expected) }
            var answers = 0
            for client in clients { answers += try await load.count(client) }
            #expect(answers > 100)

            let pid = try #require(try await load.stage.listed().first?.pid)
            #expect(try await Tool.shell("cat /proc/\(pid)/task/\(pid)/children").split(separator: " ").count == 2)
            let logged = try await Tool.shell("grep -c 'GET /small' \(rootfs)/var/log/access.log || :")
            #expect(logged == "\(answers)\n")
        }
    }

    @Test("PostgreSQL: no transaction fails or is lost, and its files on disk are whole")
    func postgres() async throws {
        let programs = "/usr/lib/postgresql/15/bin"
        try await Workload.serving(
            { stage in
                [
                    "\(programs)/postgres", "-D", "/var/lib/data", "-p", "\(stage.port)", "-h", "127.0.0.1", "-k",
                    "/tmp",
                ]
            },
            flags: Privilege.resource
                ? ["--user", "1:1"] : ["--env", "LD_PRELOAD=/other-user.so", "--cap-add", "CAP_DAC_OVERRIDE"],
            prepare: { _, rootfs in
                try await Self.pretendOtherUser(in: rootfs)
                try await Tool.shell(
                    """
                    mkdir -p var/lib/data usr/share/zoneinfo
                    chown 1:1 var/lib/data
                    mknod -m 666 dev/null c 1 3
                    chroot --userspec=1:1 . \(programs)/initdb -D /var/lib/data -A trust -U postgres -k --no-sync \\
                        >/dev/null
                    rm dev/null
                    """, in: rootfs)
            }
        ) { load in
            let port = "\(load.stage.port)"
            func ask(_ statement: String) async throws -> String {
                let words = [
                    "psql", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-d", "postgres", "-Atc", statement,
                ]
                let outcome = try await RunningProgram.run(
                    "chroot", ["\(load.stage.containers)/server/rootfs", "\(programs)/\(words[0])"] + words.dropFirst())
                try #require(outcome.succeeded, "\(outcome.errors)")
                return outcome.output
            }
            let database = ["-h", "127.0.0.1", "-p", port, "-U", "postgres", "postgres"]
            let chroot = ["\(load.stage.containers)/server/rootfs", "\(programs)/pgbench"]
            // It listens before it has started up.
            try await wait(for: "the database") {
                try await RunningProgram.run(
                    "chroot", [chroot[0], "\(programs)/psql", "-c", "SELECT 1"] + database
                ).succeeded
            }
            let prepared = try await RunningProgram.run("chroot", chroot + ["-i", "-q", "-s", "2"] + database)
            try #require(prepared.succeeded, "\(prepared.errors)")
            #expect(try await ask("SELECT count(*) FROM pgbench_accounts") == "200000\n", "\(prepared.errors)")
            let benchmark = try await RunningProgram.start("chroot", chroot + ["-c", "3", "-T", "9"] + database)
            try await wait(for: "transactions") { try await ask("SELECT count(*) FROM pgbench_history") > "1" }
            for _ in 1...2 {
                // On a busy machine the transactions may have ended before the second move.
                _ = try await ask("CHECKPOINT")
                let report = try await load.move()
                #expect(report.files.running.bytes > 0)
            }
            let outcome = try await benchmark.outcome()
            #expect(outcome.succeeded, "\(outcome.errors)")
            #expect(outcome.output.contains("number of failed transactions: 0 "), "\(outcome.output)")
            let line = outcome.output.split(separator: "\n").first { $0.contains("actually processed: ") }
            let count = try #require(line?.split(separator: " ").last)
            let sums = """
                SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history),
                    (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT sum(bbalance) FROM pgbench_branches),
                    (SELECT count(*) FROM pgbench_history)
                """
            #expect(try await ask(sums) == "t|t|\(count)\n")

            // Killed at once, it finds in its files what it has promised to keep.
            try await load.stop("KILL")
            let bundle = try #require(try await load.stage.listed().first?.bundle)
            try await load.stage.succeed("delete", load.stage.id)
            try await load.stage.succeed("run", bundle, "--id", load.stage.id)
            try await load.stage.waitUntilServing()
            try await wait(for: "the recovery of the database") {
                try await load.start("\(programs)/pg_isready", "-h", "127.0.0.1", "-p", port).outcome().succeeded
            }
            #expect(try await ask(sums) == "t|t|\(count)\n")
            try await load.stop("INT")
            let check = ["--userspec=1:1", "\(bundle)/rootfs", "\(programs)/pg_checksums", "-D", "/var/lib/data"]
            try await Tool.shell("chown -R 1:1 \(bundle)/rootfs/var/lib/data")
            let sound = try await RunningProgram.run("chroot", check)
            #expect(sound.succeeded, "\(sound.output)\(sound.errors)")
        }
    }

    /// PostgreSQL does not run as root. Where root's CRIU may dump nobody else's processes, it is told another user.
    private static func pretendOtherUser(in rootfs: String) async throws {
        if Privilege.resource { return }
        try await Tool.shell(
            """
            printf 'unsigned geteuid(void) { return 1; }\\nunsigned getuid(void) { return 1; }\\n' |
                $(command -v cc || command -v clang) -x c -shared -fPIC -nostdlib -o other-user.so -
            """, in: rootfs)
    }
}

private let workloadsRootfs = "\(CacheFolder.path)/workloads-rootfs.tar.gz"

extension Sequence {
    /// Each result, in order, one after the other.
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
