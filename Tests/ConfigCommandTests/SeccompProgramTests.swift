import Bundles
import Glibc
import LinuxSystem
import TestSupport
import Testing

private let newLibraries = "\(CacheFolder.path)/criu"

/// What other languages' runtimes call has to pass the default profile: threads, children, files, sockets, random
/// numbers, memory. The machine's own programs run in a container that sees its `/usr`, read-only.
@Suite(.requiresRoot, .requires(tool: "runc"))
struct SeccompProgramTests {
    /// Runs a shell's command line in the container, in an empty folder; `file` is `/NAME` there.
    private func run(
        _ command: String, with file: [UInt8] = [], named name: String = "file", mounts more: [String] = []
    ) async throws -> String {
        let folder = try TemporaryFolder()
        try folder.write(file, to: name, mode: 0o755)
        try await Tool.shell(
            """
            chmod 755 .
            mkdir rootfs state
            mv \(name) rootfs
            cd rootfs
            mkdir usr etc opt proc dev sys tmp
            for link in bin sbin lib lib64; do if [ -e /$link ]; then ln -s usr/$link $link; fi; done
            """, in: folder.path)
        let mounts =
            [#"{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}"#]
            + (["/usr", "/etc", "/opt"].map { "\($0):\($0)" } + more).map { "\($0):rbind,ro" }
        let arguments =
            mounts.flatMap { ["--mounts-add", $0] }
            + ["sh", "-euc", "cd /tmp; \(command)"].flatMap { ["--args", $0] }
        let made = try await Tool.run(
            Tool.bundletool, ["config", "generate", "-o", "\(folder.path)/config.json"] + arguments)
        #expect(made.succeeded, "\(made.errors)")
        // Two tests may have files of one name.
        let id = "bundletool-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        return try await Tool.shell(
            "runc --root '\(folder.path)/state' run -b '\(folder.path)' \(id) </dev/null 2>&1")
    }

    @Test(.requires(tool: "node"))
    func `node: workers, the pool, a child, a connection`() async throws {
        let program = """
            const { Worker, isMainThread } = require('worker_threads'), net = require('net'), fs = require('fs')
            if (!isMainThread) return
            new Worker(__filename).on('exit', code => {
              fs.writeFileSync('a', 'text')
              const child = require('child_process').execFileSync('/bin/sh', ['-c', 'echo child']).toString().trim()
              require('crypto').pbkdf2('a', 'b', 1000, 16, 'sha256', (_, key) => {
                const server = net.createServer(c => c.end('net')).listen(0, '127.0.0.1', () =>
                  net.connect(server.address().port, '127.0.0.1').on('data', data => {
                    console.log(code, fs.readFileSync('a', 'utf8'), child, key.length, data.toString())
                    server.close()
                  }))
              })
            })
            """
        #expect(
            try await run("exec node /file.js", with: Array(program.utf8), named: "file.js") == "0 text child 16 net\n")
    }

    @Test(.requires(tool: "keytool"))
    func `java: the JVM's threads, files, random numbers`() async throws {
        let output = try await run(
            """
            keytool -genkeypair -keyalg RSA -keystore keys -storepass secret -dname CN=a -alias one 2>/dev/null
            keytool -list -keystore keys -storepass secret
            """)
        #expect(output.contains("one, ") && output.contains("PrivateKeyEntry"), "\(output)")
    }

    @Test(.requires(tool: "umoci"), .requires(tool: "skopeo"))
    func `go: its scheduler, files, children, connections`() async throws {
        let output = try await run(
            """
            umoci init --layout image
            umoci new --image image:a
            umoci ls --layout image
            runc spec
            test -s config.json
            skopeo inspect --tls-verify=false docker://127.0.0.1:9/none 2>&1 || :
            """)
        #expect(output.hasPrefix("a\n") && output.contains("connection refused"), "\(output)")
    }

    /// The C library that CRIU was assembled with is newer than the machine's own.
    @Test(
        .requires(tool: "python3"),
        .requires(
            "a newer C library in the cache (scripts/setup.sh run)", access("\(newLibraries)/libc.so.6", R_OK) == 0))
    func `a newer glibc: threads, children, connections, files`() async throws {
        let program = """
            import os, socket, subprocess, tempfile, threading
            answers = []
            thread = threading.Thread(target=lambda: answers.append("thread"))
            thread.start(); thread.join()
            answers.append(subprocess.check_output(["/bin/echo", "child"], text=True).strip())
            server = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(server.getsockname())
            server.accept()[0].send(b"net")
            answers.append(client.recv(3).decode())
            with tempfile.NamedTemporaryFile("w+", dir="/tmp") as file:
                file.write("file"); file.seek(0); answers.append(file.read())
            version = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
            print(*answers, tuple(map(int, version.split("."))) >= (2, 41) or version)
            """
        let output = try await run(
            """
            exec /new/ld-linux-x86-64.so.2 --library-path /new:/usr/lib/x86_64-linux-gnu /usr/bin/python3 /file.py
            """, with: Array(program.utf8), named: "file.py", mounts: ["\(newLibraries):/new"])
        #expect(output == "thread child net file True\n")
    }

    @Test(.requires(tool: "musl-gcc"))
    func `musl: a thread, a child, names, memory`() async throws {
        let program = """
            #include <dirent.h>
            #include <netdb.h>
            #include <pthread.h>
            #include <stdio.h>
            #include <sys/mman.h>
            #include <sys/random.h>
            #include <sys/wait.h>
            #include <time.h>
            #include <unistd.h>
            static void *thread(void *answer) { return answer; }
            int main(void) {
                pthread_t one;
                void *answer = NULL;
                char random[8];
                int status;
                struct addrinfo *found;
                struct timespec pause = {0, 1000};
                if (pthread_create(&one, NULL, thread, &one) || pthread_join(one, &answer) || answer != &one) return 1;
                pid_t child = fork();
                if (child == 0) execl("/bin/sh", "sh", "-c", "exit 3", NULL);
                if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3) return 2;
                if (getaddrinfo("127.0.0.1", "80", NULL, &found)) return 3;
                if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return 4;
                if (getrandom(random, 8, 0) != 8 || nanosleep(&pause, NULL) || !opendir("/proc/self")) return 5;
                puts("musl");
            }
            """
        let folder = try TemporaryFolder()
        try folder.write(Array(program.utf8), to: "program.c")
        try await Tool.shell("musl-gcc -static -O1 -o program program.c", in: folder.path)
        let bytes = try Files.contents(of: "\(folder.path)/program")
        #expect(try await run("/program", with: bytes, named: "program") == "musl\n")
    }
}
