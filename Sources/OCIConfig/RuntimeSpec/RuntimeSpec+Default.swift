extension RuntimeSpec {
    /// A configuration that runc and crun start as root, safer than their own: the usual capabilities in bounding,
    /// effective and permitted only, no new privileges, a seccomp profile, masked and
    /// read-only paths, namespaces of its own.
    public static func `default`() -> RuntimeSpec {
        RuntimeSpec { spec in
            // The last version that every runtime in use accepts; crun before 1.9 refuses a 1.1.
            spec.ociVersion = "1.0.2"
            spec.root = Root { $0.path = "rootfs" }
            spec.hostname = "container"
            spec.process = .default
            spec.mounts = Mount.defaults
            spec.linux = Linux { linux in
                linux.namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map { type in
                    Namespace { $0.type = type }
                }
                linux.resources = Resources { resources in
                    resources.devices = [
                        DeviceRule {
                            $0.allow = false
                            $0.access = "rwm"
                        }
                    ]
                }
                linux.seccomp = .default
                linux.maskedPaths = Linux.defaultMaskedPaths
                linux.readonlyPaths = Linux.defaultReadonlyPaths
            }
        }
    }
}

extension RuntimeSpec.Process {
    /// A shell as root with few privileges.
    static var `default`: RuntimeSpec.Process {
        RuntimeSpec.Process { process in
            process.terminal = false
            process.args = ["sh"]
            process.cwd = "/"
            process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
            process.user = RuntimeSpec.User {
                $0.uid = 0
                $0.gid = 0
            }
            process.noNewPrivileges = true
            process.capabilities = RuntimeSpec.Capabilities { sets in
                // Inheritable and ambient stay empty: they reach unprivileged users (CVE-2022-24769, CVE-2022-29162).
                sets.bounding = RuntimeSpec.Capabilities.defaults
                sets.effective = RuntimeSpec.Capabilities.defaults
                sets.permitted = RuntimeSpec.Capabilities.defaults
            }
            process.rlimits = [
                RuntimeSpec.Rlimit {
                    $0.type = "RLIMIT_NOFILE"
                    $0.soft = 1024
                    $0.hard = 1024
                }
            ]
        }
    }
}

extension RuntimeSpec.Capabilities {
    /// What ordinary images need: owners, users, low ports, signals. Neither raw sockets nor device nodes.
    static let defaults = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ]
}

extension RuntimeSpec.Mount {
    init(_ destination: String, _ type: String, _ source: String, _ options: [String]) {
        self.init()
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }

    static var defaults: [RuntimeSpec.Mount] {
        [
            .init("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            .init("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(
                "/dev/pts", "devpts", "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            .init("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            .init("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
            .init("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
            .init("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        ]
    }
}

extension RuntimeSpec.Linux {
    /// What tells about the host or its hardware.
    static let defaultMaskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ]

    /// What would change the host.
    static let defaultReadonlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
}
