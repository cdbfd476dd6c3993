// The closed sets of strings. The tables of fields and the validation rules share them.

extension RuntimeSpec.Namespace {
    /// The namespaces of Linux.
    public static let types = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"]
}

extension RuntimeSpec.ZOSNamespace {
    /// The namespaces of z/OS.
    public static let types = ["pid", "mount", "ipc", "uts"]
}

extension RuntimeSpec.Device {
    /// Character, block, unbuffered character, and FIFO.
    public static let types = ["c", "b", "u", "p"]
}

extension RuntimeSpec.Linux {
    /// How mounts of the root propagate.
    public static let propagations = ["shared", "slave", "private", "unbindable"]
}

extension RuntimeSpec.Personality {
    /// The execution domains.
    public static let domains = ["LINUX", "LINUX32"]
}

extension RuntimeSpec.MemoryPolicy {
    /// The modes of set_mempolicy(2).
    public static let modes = [
        "MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED",
        "MPOL_PREFERRED_MANY", "MPOL_LOCAL",
    ]
    /// The flags of set_mempolicy(2).
    public static let knownFlags = ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]
}

extension RuntimeSpec.Scheduler {
    /// The policies of sched_setattr(2).
    public static let policies = [
        "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE",
    ]
    /// The flags of sched_setattr(2).
    public static let knownFlags = [
        "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",
    ]
}

extension RuntimeSpec.IOPriority {
    /// Real time, best effort, idle.
    public static let classes = ["IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"]
}

extension RuntimeSpec.Rlimit {
    /// The limits of Linux' setrlimit(2).
    public static let types = [
        "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK",
        "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO",
        "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
    ]
}

extension RuntimeSpec.Capabilities {
    /// The capabilities of Linux up to 6.12.
    public static let names = [
        "CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE", "CAP_BLOCK_SUSPEND", "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN",
        "CAP_MAC_OVERRIDE", "CAP_MKNOD", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW",
        "CAP_PERFMON", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
        "CAP_SYS_CHROOT", "CAP_SYS_MODULE", "CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    ]
}

extension RuntimeSpec.Seccomp {
    /// What can happen to a system call.
    public static let actions = [
        "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
        "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
    ]
    /// How arguments are compared.
    public static let operators = [
        "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
        "SCMP_CMP_MASKED_EQ",
    ]
    /// The flags of seccomp(2).
    public static let knownFlags = [
        "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ]
    /// The architectures of libseccomp.
    public static let knownArchitectures = [
        "X86", "X86_64", "X32", "ARM", "AARCH64", "LOONGARCH64", "M68K", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL",
        "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE", "S390", "S390X", "SH", "SHEB", "PARISC", "PARISC64",
        "RISCV64",
    ].map { "SCMP_ARCH_" + $0 }
}

extension RuntimeSpec.FreeBSDJail {
    /// How a subsystem is shared with the host.
    public static let sharing = ["disable", "new", "inherit"]
    /// How a subsystem that cannot be disabled is shared with the host.
    public static let sharingWithoutDisable = ["new", "inherit"]
}

extension RuntimeSpec.WindowsDevice {
    /// What a device's id can be.
    public static let idTypes = ["class"]
}

extension RuntimeSpec.VMImage {
    /// The formats of root images.
    public static let formats = ["raw", "qcow2", "vdi", "vmdk", "vhd"]
}

extension RuntimeState {
    /// The states that the specification names; a runtime may have more.
    public static let statuses = ["creating", "created", "running", "stopped"]
}

extension ImageSpec.RootFS {
    /// The only type.
    public static let types = ["layers"]
}

extension RuntimeSpec.Capabilities {
    /// The kernel's numbers of capabilities.
    static let numbers: [String: Int] = {
        let order = """
            CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
            NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
            SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
            AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
            PERFMON BPF CHECKPOINT_RESTORE
            """
        let names = order.split { $0 == " " || $0 == "\n" }
        return Dictionary(uniqueKeysWithValues: names.enumerated().map { ("CAP_\($1)", $0) })
    }()
}
