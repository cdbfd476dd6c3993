import Glibc
import OCIConfig
import TestSupport
import Testing

/// The commands as processes: exit status, the one error line, what is left behind.
@Suite struct CommandTests {
    private func bundle() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(RuntimeSpec.default().encoded(), to: "config.json", mode: 0o640)
        try await Tool.shell("mkdir rootfs", in: folder.path)
        return folder
    }

    private func tool(_ arguments: [String], in folder: TemporaryFolder) async throws -> Tool.Outcome {
        try await Tool.run(Tool.bundletool, arguments, in: folder.path)
    }

    @Test func `stdin is edited to stdout`() async throws {
        let output = try await Tool.shell(
            #"echo '{"x":[1.50,null],"annotations":{"b":"2","a":"1"}}' | '\#(Tool.bundletool)' config edit - --annotation-remove a"#
        )
        #expect(
            output == """
                {
                    "annotations": {
                        "b": "2"
                    },
                    "x": [
                        1.50,
                        null
                    ]
                }

                """)
    }

    /// Threads that take no signals start programs too; a mask is inherited.
    @Test func `SIGTERM ends a command whose parent has blocked it`() async throws {
        let output = try await Tool.shell(
            """
            python3 -c '
            import signal, subprocess, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            command = subprocess.Popen([sys.argv[1], "config", "edit", "-"], stdin=subprocess.PIPE, restore_signals=False)
            try: command.wait(0.5)
            except subprocess.TimeoutExpired: command.terminate()
            try: print(command.wait(20))
            finally: command.kill()
            ' '\(Tool.bundletool)'
            """)
        #expect(output == "-15\n")
    }

    @Test(.requiresRoot) func `an edit keeps mode, owner and links`() async throws {
        let folder = try await bundle()
        try await Tool.shell("chown 7:8 config.json; mkdir sub; ln -s ../config.json sub/config.json", in: folder.path)
        let outcome = try await tool(["config", "edit", "./sub", "--hostname", "x"], in: folder)
        #expect(outcome.succeeded && outcome.output == "" && outcome.errors == "")
        let status = try await Tool.shell(
            "stat -c '%a %u:%g %F' config.json sub/config.json; ls -A . sub", in: folder.path)
        #expect(
            status == """
                640 7:8 regular file
                777 0:0 symbolic link
                .:
                config.json
                rootfs
                sub

                sub:
                config.json

                """)
        #expect(try await tool(["config", "get", "./", "hostname"], in: folder).output == "x\n")
    }

    @Test(arguments: [
        (["config", "edit", "./", "--set", "process.terminl=true"], 1, "did you mean 'terminal'?"),
        (
            ["config", "edit", "./", "--set", "linux.resources.cpu.shares=many"], 1,
            "an integer from 0 to 18446744073709551615"
        ),
        (["config", "edit", "./", "--user", "nobody"], 1, "the user 'nobody' is not in the container's /etc/passwd"),
        (["config", "edit", "nowhere", "--hostname", "x"], 1, "there is no bundle ./containers/nowhere"),
        (["config", "edit", "config.json", "--hostname", "x"], 1, "what is here is ./config.json"),
        (["config", "edit", "./rootfs", "--hostname", "x"], 1, "it has no configuration"),
        (["config", "get", "./", "procss.args"], 1, "did you mean 'process'?"),
        (["config", "get", "./", "linux.resources.cpu"], 1, "there is nothing at linux.resources.cpu"),
        (["config", "edit", "./", "--env", "A"], 2, "give NAME=VALUE"),
        (["config", "edit", "./", "--frob"], 2, "Unknown option '--frob'"),
        (["config", "edit"], 2, "Missing expected argument '<bundle>'"),
        (["config", "generate", "--os", "plan9"], 2, "give linux, solaris"),
        (["config", "generate", "--template", "none.json"], 1, "cannot read none.json: no such file"),
        (["config", "generate", "--env-file", "none"], 1, "none: No such file or directory"),
        (["config", "generate", "-o", "none/config.json"], 1, "No such file or directory"),
        (["validate"], 2, "give a bundle, or --config FILE"),
        (["validate", "a", "--config", "b"], 2, "give a bundle, or --config FILE"),
        (["validate", "--config", "none"], 1, "no such file"),
    ])
    func `failures have one line that says what to do, and change nothing`(
        arguments: [String], status: Int32, message: String
    ) async throws {
        let folder = try await bundle()
        let outcome = try await tool(arguments, in: folder)
        #expect(outcome.status == status)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(message) && outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
        let left = try await Tool.shell("ls -A; cat config.json", in: folder.path)
        #expect(left == "config.json\nrootfs\n" + String(decoding: RuntimeSpec.default().encoded(), as: UTF8.self))
    }

    @Test(.requiresRoot) func `a full disk leaves the old configuration`() async throws {
        let mount = try await TemporaryMount.tmpfs(megabytes: 1)
        let spec = RuntimeSpec.default().encoded()
        let folder = try await bundle()
        try await Tool.shell(
            "cp '\(folder.path)/config.json' .; cat /dev/zero > fill 2>/dev/null || true", in: mount.path)
        let outcome = try await Tool.run(Tool.bundletool, ["config", "edit", "\(mount.path)/", "--hostname", "x"])
        #expect(outcome.status == 1 && outcome.errors.contains("No space left on device"), "\(outcome.errors)")
        #expect(try await Tool.shell("ls -A", in: mount.path) == "config.json\nfill\n")
        #expect(try await Tool.shell("cat config.json", in: mount.path) == String(decoding: spec, as: UTF8.self))
    }

    @Test func `a broken configuration is repaired by force only`() async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(#"{"process":{"cwd":7,"args":["a"]}}"#.utf8), to: "config.json")
        let refused = try await tool(["config", "edit", "./", "--cwd", "/"], in: folder)
        #expect(refused.status == 1 && refused.errors.contains("process.cwd: expected a string, found 7; with --force"))
        #expect(try await tool(["config", "edit", "./", "--cwd", "/", "--force"], in: folder).succeeded)
        #expect(try await tool(["config", "get", "./", "process.cwd"], in: folder).output == "/\n")
    }

    @Test func `get prints strings as they are and the rest as JSON`() async throws {
        let folder = try await bundle()
        #expect(try await tool(["config", "get", "./", "process.args"], in: folder).output == "sh\n")
        #expect(
            try await tool(["config", "get", "./", "process.args", "--json"], in: folder).output == "[\n    \"sh\"\n]\n"
        )
        #expect(try await tool(["config", "get", "./", "process.terminal"], in: folder).output == "false\n")
        #expect(try await tool(["config", "get", "./config.json", "mounts[0].type"], in: folder).output == "proc\n")
        let whole = try await tool(["config", "get", "./"], in: folder).output
        #expect(whole == String(decoding: RuntimeSpec.default().encoded(), as: UTF8.self))
    }

    @Test func `diff shows what differs by path`() async throws {
        let folder = try await bundle()
        try await Tool.shell("cp config.json other.json", in: folder.path)
        let edited = try await tool(
            ["config", "edit", "./other.json", "--hostname", "x", "--env", "A=b", "--unset", "root.path"], in: folder)
        #expect(edited.succeeded)
        let outcome = try await tool(["config", "diff", "./config.json", "./other.json"], in: folder)
        #expect(
            outcome.output == """
                ~ hostname: "container" → "x"
                + process.env[2]: "A=b"
                - root.path: "rootfs"

                """)
        #expect(outcome.succeeded)
        #expect(try await tool(["config", "diff", "./", "./", "--exit-code"], in: folder).succeeded)
        #expect(try await tool(["config", "diff", "./", "./other.json", "--exit-code"], in: folder).status == 1)
    }

    @Test func `validate lists findings, says so in JSON, and looks for the root only in a bundle`() async throws {
        let folder = try await bundle()
        try await Tool.shell("rmdir rootfs", in: folder.path)
        #expect(try await tool(["validate", "--config", "config.json"], in: folder).succeeded)
        let missing = try await tool(["validate", "./"], in: folder)
        #expect(missing.status == 1 && missing.output.hasPrefix("root.path: there is no folder"))
        _ = try await tool(["config", "edit", "./", "--force", "--set", "process.terminl=true"], in: folder)
        let lenient = try await tool(["validate", "--config", "config.json"], in: folder)
        #expect(lenient.status == 0 && lenient.output.hasPrefix("process.terminl: warning: "))
        let strict = try await tool(["validate", "--config", "config.json", "--strict", "--json"], in: folder)
        #expect(strict.status == 1)
        let answer = try JSONCoding.parse(Array(strict.output.utf8))
        #expect(answer[try ConfigPath(parsing: "errors")] == 1)
        #expect(answer[try ConfigPath(parsing: "findings[0].path")] == "process.terminl")
        #expect(answer[try ConfigPath(parsing: "findings[0].severity")] == "error")
        #expect(answer[try ConfigPath(parsing: "findings[0].rule")] == "misspelt-key")
    }

    @Test(.requires(tool: "runc")) func `validate --host asks this kernel and this runtime`() async throws {
        let folder = try await bundle()
        let outcome = try await tool(["validate", "./", "--host"], in: folder)
        #expect(outcome.succeeded, "\(outcome.output)\(outcome.errors)")
        _ = try await tool(["config", "edit", "./", "--oci-version", "1.3.0", "--linux-apparmor", "x"], in: folder)
        let later = try await tool(["validate", "./", "--host", "--runtime", "true"], in: folder)
        #expect(later.errors.contains("warning: 'true features' gives no answer"))
    }

    @Test func `generate's own flags`() async throws {
        let folder = try await bundle()
        try folder.write(Array("# c\n\nA=b=c\n  D=e f\n".utf8), to: "env")
        let text = try await tool(["config", "generate", "--env-file", "env", "--env", "D=g"], in: folder).output
        let spec = try RuntimeSpec(parsing: Array(text.utf8))
        #expect(spec.process?.env?.suffix(2) == ["A=b=c", "D=g"])
        let profile = try await tool(["config", "generate", "--linux-seccomp-only"], in: folder).output
        #expect(try JSONCoding.decode(RuntimeSpec.Seccomp.self, from: Array(profile.utf8)) == .default)
        let solaris = try await tool(["config", "generate", "--os", "solaris"], in: folder).output
        #expect(try RuntimeSpec(parsing: Array(solaris.utf8)).linux == nil)
        let output = try await tool(
            ["config", "generate", "--template", "config.json", "--hostname", "t", "-o", "new.json"], in: folder)
        #expect(output.succeeded && output.output == "")
        #expect(try await tool(["config", "get", "./new.json", "hostname"], in: folder).output == "t\n")
        for system in ["linux", "solaris", "freebsd", "zos"] {
            let made = try await tool(["config", "generate", "--os", system, "-o", "s.json"], in: folder)
            #expect(made.succeeded)
            let valid = try await tool(["validate", "--strict", "--config", "s.json"], in: folder)
            #expect(valid.output == "" && valid.succeeded, "\(system): \(valid.output)")
        }
    }
}
