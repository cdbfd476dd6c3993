import OCIConfig
import Testing

@Suite struct SeccompTests {
    private static func spec(_ json: String) throws -> RuntimeSpec {
        try RuntimeSpec(parsing: Array(#"{"linux":{"seccomp":\#(json)}}"#.utf8))
    }

    private static func rule(_ names: [String], _ action: String, _ errno: UInt32? = nil) -> ConfigEdit {
        .seccomp(
            .rule(
                RuntimeSpec.Syscall {
                    $0.names = names
                    $0.action = action
                    $0.errnoRet = errno
                }))
    }

    @Test(arguments: [
        // A call moves from one rule to the other; a rule without calls goes.
        (
            rule(["b"], "SCMP_ACT_ALLOW"),
            #"[{"names":["a","b"],"action":"SCMP_ACT_ALLOW"}]"#
        ),
        // What the default does needs no rule.
        (rule(["b"], "SCMP_ACT_KILL"), #"[{"names":["a"],"action":"SCMP_ACT_ALLOW"}]"#),
        (
            rule(["c"], "SCMP_ACT_ERRNO", 38),
            #"[{"names":["a"],"action":"SCMP_ACT_ALLOW"},{"names":["b"],"action":"SCMP_ACT_LOG"},{"names":["c"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]"#
        ),
        (.seccomp(.remove("a")), #"[{"names":["b"],"action":"SCMP_ACT_LOG"}]"#),
        (
            .seccomp(.defaultAction("SCMP_ACT_LOG", keepingRules: false)),
            #"[{"names":["a"],"action":"SCMP_ACT_ALLOW"}]"#
        ),
    ])
    func `rules are added and removed call by call`(edit: ConfigEdit, rules: String) throws {
        var spec = try Self.spec(
            #"{"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["a"],"action":"SCMP_ACT_ALLOW"},{"names":["b"],"action":"SCMP_ACT_LOG"}]}"#
        )
        try ConfigEdits([edit]).apply(to: &spec)
        #expect(
            spec.json[try ConfigPath(parsing: "linux.seccomp.syscalls")] == (try JSONCoding.parse(Array(rules.utf8))))
    }

    @Test func `without a profile there is nothing to add a rule to`() {
        var spec = RuntimeSpec()
        let error = #expect(throws: ConfigError.self) {
            try ConfigEdits([Self.rule(["a"], "SCMP_ACT_ALLOW")]).apply(to: &spec)
        }
        #expect(error?.code == .notFound)
    }

    @Test func `the default profile decides every call once`() throws {
        let profile = RuntimeSpec.Seccomp.default
        let unconditional = (profile.syscalls ?? []).filter { $0.args == nil }.flatMap { $0.names ?? [] }
        #expect(Set(unconditional).count == unconditional.count)
        let allowed = Set(profile.syscalls?.first?.names ?? [])
        // What glibc 2.36 to 2.41, musl, Python, Node, Java and Go start with.
        let needed = [
            "openat2", "rseq", "futex_waitv", "set_robust_list", "close_range", "epoll_pwait2", "memfd_create",
            "io_pgetevents", "pidfd_open", "statx", "faccessat2", "membarrier", "sched_getaffinity", "getrandom",
            "execveat", "landlock_create_ruleset", "fchmodat2", "map_shadow_stack",
        ]
        #expect(needed.filter { !allowed.contains($0) } == [])
        let refused = [
            "mount", "unshare", "bpf", "keyctl", "init_module", "kexec_load", "userfaultfd", "io_uring_setup",
        ]
        #expect(refused.filter { allowed.contains($0) } == [])
        #expect(!unconditional.contains("clone3"))
    }
}
