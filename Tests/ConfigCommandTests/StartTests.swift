import Bundles
import Glibc
import TestSupport
import Testing

private let pythonRootfs = "\(CacheFolder.path)/python-rootfs.tar.gz"

private var isX86: Bool {
    #if arch(x86_64)
        true
    #else
        false
    #endif
}

/// Configurations that are started for real, with a Python rootfs.
@Suite(.requires("the Python rootfs (fixtures/python-rootfs.sh)", access(pythonRootfs, R_OK) == 0), .requiresRoot)
struct StartTests {
    /// Tries what the profile should allow and what it should refuse, and prints a line for each.
    static let script = """
        import ctypes, errno, os, socket, subprocess, threading
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number, *arguments):
            result = libc.syscall(number, *arguments)
            return "ok" if result >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")
        thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
        print("fork", subprocess.run(["/bin/sh", "-c", "exit 3"]).returncode)
        for family in ("AF_UNIX", "AF_INET", "AF_NETLINK"):
            kind = socket.SOCK_RAW if family == "AF_NETLINK" else socket.SOCK_DGRAM
            print(family, socket.socket(getattr(socket, family), kind).close())
        for name, number, *arguments in [
            ("unshare", 272, 0x20000000), ("mount", 165, 0, 0, 0, 0, 0), ("keyctl", 250, 0, 0), ("bpf", 321, 0, 0, 0),
            ("kexec_load", 246, 0, 0, 0, 0), ("init_module", 175, 0, 0, 0), ("userfaultfd", 323, 0),
            ("clone3", 435, 0, 0), ("from the future", 600), ("clone new user", 56, 0x10000011, 0, 0, 0, 0),
            ("vsock", 41, 40, 1, 0), ("vsock, high bits", 41, 40 | 1 << 40, 1, 0),
            ("openat2", 437, -100, b"/", 0, 0), ("futex_waitv", 449, 0, 0, 0, 0, 0), ("rseq", 334, 0, 0, 0, 0),
            ("close_range", 436, 100, 200, 0), ("personality", 135, 0xffffffff),
        ]:
            print(name, call(number, *arguments))
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print("capabilities", *(status[key].strip() for key in ("CapInh", "CapAmb", "NoNewPrivs", "Seccomp")))
        print("masked", len(open("/proc/interrupts", "rb").read()))
        try: open("/proc/sys/kernel/hostname", "w")
        except OSError as error: print("read-only", errno.errorcode[error.errno])

        """

    static let answer = """
        fork 3
        AF_UNIX None
        AF_INET None
        AF_NETLINK None
        unshare EPERM
        mount EPERM
        keyctl EPERM
        bpf EPERM
        kexec_load EPERM
        init_module EPERM
        userfaultfd EPERM
        clone3 ENOSYS
        from the future ENOSYS
        clone new user ENOSYS
        vsock ENOSYS
        vsock, high bits ENOSYS
        openat2 EINVAL
        futex_waitv EINVAL
        rseq EINVAL
        close_range ok
        personality ok
        capabilities 0000000000000000 0000000000000000 1 2
        masked 0
        read-only EROFS

        """

    private func bundle(_ flags: [String], owner: String = "0:0") async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(Array(Self.script.utf8), to: "try.py")
        try await Tool.shell(
            """
            mkdir rootfs
            tar -xzf '\(pythonRootfs)' -C rootfs
            cp try.py rootfs/try.py
            chmod 755 .
            mkdir state
            chown -R \(owner) rootfs state .
            """, in: folder.path)
        let made = try await Tool.run(
            Tool.bundletool,
            ["config", "generate", "-o", "\(folder.path)/config.json", "--args", "python3", "--args", "/try.py"] + flags
        )
        #expect(made.succeeded, "\(made.errors)")
        let valid = try await Tool.run(Tool.bundletool, ["validate", "--strict", folder.path])
        #expect(valid.output == "" && valid.succeeded, "\(valid.output)\(valid.errors)")
        return folder
    }

    /// In a mount namespace of its own without the second cgroup hierarchy, which old crun versions do not take.
    private static func inNamespace(_ command: String) -> String {
        """
        unshare --mount --propagation private sh -euc '
            if grep -q " /sys/fs/cgroup/unified " /proc/mounts; then umount /sys/fs/cgroup/unified; fi
            \(command)'
        """
    }

    @Test(.requires(tool: "runc"), .enabled("the numbers of calls are those of x86_64") { isX86 })
    func `runc starts what generate makes`() async throws {
        let folder = try await bundle([])
        let output = try await Tool.shell(
            "runc --root '\(folder.path)/state' run -b '\(folder.path)' bundletool-test-\(getpid()) </dev/null")
        #expect(output == Self.answer)
    }

    @Test(.requires(tool: "crun"), .enabled("the numbers of calls are those of x86_64") { isX86 })
    func `crun starts what generate makes`() async throws {
        let folder = try await bundle([])
        let output = try await Tool.shell(
            Self.inNamespace(
                "crun --root \(folder.path)/state run -b \(folder.path) bundletool-test-\(getpid()) </dev/null"))
        #expect(output == Self.answer)
    }

    @Test(arguments: ["runc", "crun --cgroup-manager=disabled"])
    func `a user without privileges starts a rootless one`(runtime: String) async throws {
        let name = String(runtime.prefix { $0 != " " })
        guard Tool.path(of: name) != nil else { return }
        let folder = try await bundle(["--rootless"], owner: "12345:12345")
        let user =
            "setpriv --reuid 12345 --regid 12345 --clear-groups env HOME=\(folder.path) XDG_RUNTIME_DIR=\(folder.path)"
        // Generated by that user, whose ids are in it; the tool's folder may be closed to others.
        let output = try await Tool.shell(
            Self.inNamespace(
                """
                cp \(Tool.bundletool) \(folder.path)/tool
                \(user) \(folder.path)/tool config generate --rootless -o \(folder.path)/config.json --args python3 --args /try.py
                \(user) \(runtime) --root \(folder.path)/state run -b \(folder.path) bundletool-test-\(getpid()) </dev/null
                """))
        #expect(output.hasPrefix("fork 3\n") && output.contains("mount EPERM"), "\(output)")
    }

    @Test(.requires(tool: "runc"))
    func `an edit is what the container sees`() async throws {
        let folder = try await bundle([])
        let program = "import os,socket;print(os.environ['A'],os.getcwd(),os.getuid(),socket.gethostname())"
        let edited = try await Tool.run(
            Tool.bundletool,
            [
                "config", "edit", folder.path, "--args", "python3", "--args", "-c", "--args", program, "--env", "A=b c",
                "--cwd", "/tmp", "--user", "7:7", "--hostname", "other",
            ])
        #expect(edited.succeeded, "\(edited.errors)")
        let output = try await Tool.shell(
            "runc --root '\(folder.path)/state' run -b '\(folder.path)' bundletool-test-edit-\(getpid()) </dev/null")
        #expect(output == "b c /tmp 7 other\n")
    }

}
