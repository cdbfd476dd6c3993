import OCIConfig

extension FlagUse {
    /// What the flag is applied to: a little of everything that can be removed.
    var start: RuntimeSpec {
        let text = #"""
            {
                "ociVersion": "1.0.2", "root": {"path": "rootfs"}, "annotations": {"old": "x"},
                "process": {
                    "args": ["sh"], "cwd": "/", "env": ["PATH=/bin", "TERM=xterm"], "user": {"additionalGids": [5]},
                    "capabilities": {
                        "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]
                    },
                    "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
                },
                "mounts": [{"destination": "/old", "type": "proc"}, {"destination": "/kept", "type": "tmpfs"}],
                "hooks": {"prestart": [], "poststart": [], "poststop": []},
                "linux": {
                    "namespaces": [{"type": "pid"}, {"type": "network"}],
                    "devices": [{"type": "p", "path": "/dev/old"}, {"type": "p", "path": "/dev/kept"}],
                    "maskedPaths": ["/old"], "readonlyPaths": ["/old"], "sysctl": {"kernel.domainname": "x"},
                    "resources": {
                        "devices": [{"allow": false, "access": "rwm"}],
                        "hugepageLimits": [{"pageSize": "1GB", "limit": 1}],
                        "network": {"priorities": []}
                    },
                    "seccomp": {
                        "defaultAction": "SCMP_ACT_ERRNO",
                        "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ALLOW"}]
                    }
                }
            }
            """#
        // A literal that is no configuration fails every test of the table.
        var spec = (try? RuntimeSpec(parsing: Array(text.utf8))) ?? RuntimeSpec()
        // These flags are tested for replacing and adding where nothing was.
        switch flag {
        case "linux-device-add": spec.linux?.devices = nil
        case "hooks-prestart-add", "hooks-poststart-add", "hooks-poststop-add": spec.hooks = nil
        case "user": spec.process?.user?.additionalGids = [9]
        default: break
        }
        return spec
    }

    static let all: [FlagUse] = [
        FlagUse("args", ["/bin/sh", "--args", "-c"], "process.args", #"["/bin/sh","-c"]"#),
        FlagUse("domainname", ["example"], "domainname", #""example""#),
        FlagUse("env", ["TERM=vt100"], "process.env[1]", #""TERM=vt100""#),
        FlagUse(
            "hooks-poststart-add", [#"{"path":"/a","args":["a"]}"#], "hooks.poststart", #"[{"path":"/a","args":["a"]}]"#
        ),
        FlagUse("hooks-poststart-remove-all", [], "hooks.poststart", nil),
        FlagUse("hooks-poststop-add", ["/b"], "hooks.poststop[0].path", #""/b""#),
        FlagUse("hooks-poststop-remove-all", [], "hooks.poststop", nil),
        FlagUse("hooks-prestart-add", ["/b"], "hooks.prestart[0].path", #""/b""#),
        FlagUse("hooks-prestart-remove-all", [], "hooks.prestart", nil),
        FlagUse("hostname", ["h"], "hostname", #""h""#),
        FlagUse("label", ["a.b=c=d"], #"annotations["a.b"]"#, #""c=d""#),
        FlagUse("linux-apparmor", ["p"], "process.apparmorProfile", #""p""#),
        FlagUse("linux-blkio-leaf-weight", ["10"], "linux.resources.blockIO.leafWeight", "10"),
        FlagUse(
            "linux-blkio-leaf-weight-device", ["8:0:20", "--linux-blkio-weight-device", "8:0:30"],
            "linux.resources.blockIO.weightDevice", #"[{"major":8,"minor":0,"leafWeight":20,"weight":30}]"#),
        FlagUse(
            "linux-blkio-read-bps-device", ["8:0:5"], "linux.resources.blockIO.throttleReadBpsDevice",
            #"[{"major":8,"minor":0,"rate":5}]"#),
        FlagUse(
            "linux-blkio-read-iops-device", ["8:0:5", "--linux-blkio-read-iops-device", "8:1:6"],
            "linux.resources.blockIO.throttleReadIOPSDevice[1].rate", "6"),
        FlagUse("linux-blkio-weight", ["10"], "linux.resources.blockIO.weight", "10"),
        FlagUse("linux-blkio-weight-device", ["8:16:-1"], "linux.resources.blockIO.weightDevice", nil),
        FlagUse(
            "linux-blkio-write-bps-device", ["8:0:5"], "linux.resources.blockIO.throttleWriteBpsDevice[0].rate", "5"),
        FlagUse(
            "linux-blkio-write-iops-device", ["8:0:5"], "linux.resources.blockIO.throttleWriteIOPSDevice[0].rate", "5"),
        FlagUse("linux-cgroups-path", ["/a/b"], "linux.cgroupsPath", #""/a/b""#),
        FlagUse("linux-cpu-period", ["100"], "linux.resources.cpu.period", "100"),
        FlagUse("linux-cpu-quota", ["-1"], "linux.resources.cpu.quota", "-1"),
        FlagUse("linux-cpu-shares", ["18446744073709551615"], "linux.resources.cpu.shares", "18446744073709551615"),
        FlagUse("linux-cpus", ["0-3"], "linux.resources.cpu.cpus", #""0-3""#),
        FlagUse(
            "linux-device-add", ["c:10:229:/dev/fuse:fileMode=0o600:uid=1:gid=2"], "linux.devices",
            #"[{"type":"c","major":10,"minor":229,"path":"/dev/fuse","fileMode":384,"uid":1,"gid":2}]"#),
        FlagUse(
            "linux-device-cgroup-add", ["allow,type=c,major=1,minor=0,access=rw"], "linux.resources.devices[1]",
            #"{"allow":true,"type":"c","major":1,"minor":0,"access":"rw"}"#),
        FlagUse("linux-device-cgroup-remove", ["deny,access=rwm"], "linux.resources.devices", "[]"),
        FlagUse("linux-device-remove", ["/dev/old"], "linux.devices", #"[{"type":"p","path":"/dev/kept"}]"#),
        FlagUse("linux-device-remove-all", [], "linux.devices", nil),
        FlagUse("linux-disable-oom-kill", [], "linux.resources.memory.disableOOMKiller", "true"),
        FlagUse(
            "linux-gidmappings", ["1000:0:10"], "linux.gidMappings", #"[{"hostID":1000,"containerID":0,"size":10}]"#),
        FlagUse(
            "linux-hugepage-limits-add", ["2MB:5"], "linux.resources.hugepageLimits",
            #"[{"pageSize":"1GB","limit":1},{"pageSize":"2MB","limit":5}]"#),
        FlagUse("linux-hugepage-limits-drop", ["1GB"], "linux.resources.hugepageLimits", "[]"),
        FlagUse("linux-intelRdt-closid", ["g"], "linux.intelRdt.closID", #""g""#),
        FlagUse("linux-intelRdt-l3CacheSchema", ["L3:0=f"], "linux.intelRdt.l3CacheSchema", #""L3:0=f""#),
        FlagUse("linux-masked-paths", ["/m"], "linux.maskedPaths", #"["/old","/m"]"#),
        FlagUse("linux-mem-kernel-limit", ["-1"], "linux.resources.memory.kernel", "-1"),
        FlagUse("linux-mem-kernel-tcp", ["7"], "linux.resources.memory.kernelTCP", "7"),
        FlagUse("linux-mem-limit", ["-1"], "linux.resources.memory.limit", "-1"),
        FlagUse("linux-mem-reservation", ["7"], "linux.resources.memory.reservation", "7"),
        FlagUse("linux-mem-swap", ["7"], "linux.resources.memory.swap", "7"),
        FlagUse("linux-mem-swappiness", ["60"], "linux.resources.memory.swappiness", "60"),
        FlagUse("linux-mems", ["0"], "linux.resources.cpu.mems", #""0""#),
        FlagUse("linux-mount-label", ["l"], "linux.mountLabel", #""l""#),
        FlagUse(
            "linux-namespace-add", ["network:/run/netns/a"], "linux.namespaces[1]",
            #"{"type":"network","path":"/run/netns/a"}"#),
        FlagUse("linux-namespace-remove", ["pid"], "linux.namespaces[0].type", #""network""#),
        FlagUse(
            "linux-namespace-remove-all", ["--linux-namespace-add", "mount"], "linux.namespaces", #"[{"type":"mount"}]"#
        ),
        FlagUse("linux-network-classid", ["1048577"], "linux.resources.network.classID", "1048577"),
        FlagUse(
            "linux-network-priorities", ["eth0:5"], "linux.resources.network.priorities",
            #"[{"name":"eth0","priority":5}]"#),
        FlagUse("linux-oom-score-adj", ["-500"], "process.oomScoreAdj", "-500"),
        FlagUse("linux-pids-limit", ["-1"], "linux.resources.pids.limit", "-1"),
        FlagUse("linux-readonly-paths", ["/r"], "linux.readonlyPaths", #"["/old","/r"]"#),
        FlagUse("linux-realtime-period", ["7"], "linux.resources.cpu.realtimePeriod", "7"),
        FlagUse("linux-realtime-runtime", ["7"], "linux.resources.cpu.realtimeRuntime", "7"),
        FlagUse("linux-rootfs-propagation", ["slave"], "linux.rootfsPropagation", #""slave""#),
        FlagUse(
            "linux-seccomp-allow", ["b,personality:0:8:0:EQ"], "linux.seccomp.syscalls",
            #"[{"names":["a","b"],"action":"SCMP_ACT_ALLOW"},{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"valueTwo":0,"op":"SCMP_CMP_EQ"}]}]"#
        ),
        FlagUse(
            "linux-seccomp-arch", ["amd64,SCMP_ARCH_X86"], "linux.seccomp.architectures",
            #"["SCMP_ARCH_X86_64","SCMP_ARCH_X86"]"#),
        FlagUse(
            "linux-seccomp-default", ["allow"], "linux.seccomp", #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}"#),
        FlagUse(
            "linux-seccomp-default-force", ["allow"], "linux.seccomp",
            #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_ALLOW"}]}"#),
        FlagUse(
            "linux-seccomp-errno", ["b=38"], "linux.seccomp.syscalls[1]",
            #"{"names":["b"],"action":"SCMP_ACT_ERRNO","errnoRet":38}"#),
        FlagUse("linux-seccomp-kill", ["a"], "linux.seccomp.syscalls", #"[{"names":["a"],"action":"SCMP_ACT_KILL"}]"#),
        FlagUse("linux-seccomp-remove", ["a"], "linux.seccomp.syscalls", "[]"),
        FlagUse("linux-seccomp-remove-all", [], "linux.seccomp.syscalls", nil),
        FlagUse("linux-seccomp-trace", ["a"], "linux.seccomp.syscalls[0].action", #""SCMP_ACT_TRACE""#),
        FlagUse("linux-seccomp-trap", ["a"], "linux.seccomp.syscalls[0].action", #""SCMP_ACT_TRAP""#),
        FlagUse("linux-selinux-label", ["l"], "process.selinuxLabel", #""l""#),
        FlagUse("linux-sysctl", ["net.ipv4.ip_forward=1"], #"linux.sysctl["net.ipv4.ip_forward"]"#, #""1""#),
        FlagUse("linux-uidmappings", ["1000:0:10"], "linux.namespaces[2].type", #""user""#),
        FlagUse(
            "mounts-add", [#"{"destination":"/old","type":"tmpfs"}"#], "mounts",
            #"[{"destination":"/old","type":"tmpfs"},{"destination":"/kept","type":"tmpfs"}]"#),
        FlagUse("mounts-remove", ["/old"], "mounts[0].destination", #""/kept""#),
        FlagUse("mounts-remove-all", [], "mounts", nil),
        FlagUse("oci-version", ["1.1.0"], "ociVersion", #""1.1.0""#),
        FlagUse("privileged", [], "linux.seccomp", nil),
        FlagUse(
            "process-cap-add", ["net_admin,CAP_MKNOD"], "process.capabilities.permitted",
            #"["CAP_KILL","CAP_NET_ADMIN","CAP_MKNOD"]"#),
        FlagUse("process-cap-add-ambient", ["kill"], "process.capabilities.ambient", #"["CAP_KILL"]"#),
        FlagUse("process-cap-add-bounding", ["kill"], "process.capabilities.bounding", #"["CAP_KILL"]"#),
        FlagUse("process-cap-add-effective", ["bpf"], "process.capabilities.effective", #"["CAP_KILL","CAP_BPF"]"#),
        FlagUse("process-cap-add-inheritable", ["bpf"], "process.capabilities.inheritable", #"["CAP_BPF"]"#),
        FlagUse("process-cap-add-permitted", ["bpf"], "process.capabilities.permitted", #"["CAP_KILL","CAP_BPF"]"#),
        FlagUse("process-cap-drop", ["kill"], "process.capabilities.permitted", "[]"),
        FlagUse(
            "process-cap-drop-all", ["--process-cap-add", "bpf"], "process.capabilities",
            #"{"bounding":["CAP_BPF"],"effective":["CAP_BPF"],"permitted":["CAP_BPF"],"inheritable":[],"ambient":[]}"#),
        FlagUse("process-cap-drop-ambient", ["kill"], "process.capabilities.ambient", nil),
        FlagUse("process-cap-drop-bounding", ["kill"], "process.capabilities.bounding", "[]"),
        FlagUse("process-cap-drop-effective", ["kill"], "process.capabilities.effective", "[]"),
        FlagUse("process-cap-drop-inheritable", ["kill"], "process.capabilities.inheritable", nil),
        FlagUse("process-cap-drop-permitted", ["kill"], "process.capabilities.permitted", "[]"),
        FlagUse("process-consolesize", ["80:25"], "process.consoleSize", #"{"width":80,"height":25}"#),
        FlagUse("process-cwd", ["/srv"], "process.cwd", #""/srv""#),
        FlagUse("process-gid", ["7"], "process.user.gid", "7"),
        FlagUse("process-groups", ["7"], "process.user.additionalGids", "[5,7]"),
        FlagUse("process-no-new-privileges", [], "process.noNewPrivileges", "true"),
        FlagUse(
            "process-rlimits-add", ["RLIMIT_AS:-1:5"], "process.rlimits[1]",
            #"{"type":"RLIMIT_AS","hard":18446744073709551615,"soft":5}"#),
        FlagUse("process-rlimits-remove", ["RLIMIT_CORE"], "process.rlimits", "[]"),
        FlagUse("process-rlimits-remove-all", [], "process.rlimits", nil),
        FlagUse("process-terminal", [], "process.terminal", "true"),
        FlagUse("process-uid", ["7"], "process.user.uid", "7"),
        FlagUse("process-umask", ["0o022"], "process.user.umask", "18"),
        FlagUse("process-username", ["u"], "process.user.username", #""u""#),
        FlagUse("rootfs-path", ["/r"], "root.path", #""/r""#),
        FlagUse("rootfs-readonly", [], "root.readonly", "true"),
        FlagUse("solaris-anet", [#"{"linkname":"net0"}"#], "solaris.anet[0].linkname", #""net0""#),
        FlagUse("solaris-capped-cpu-ncpus", ["8"], "solaris.cappedCPU.ncpus", #""8""#),
        FlagUse("solaris-capped-memory-physical", ["512m"], "solaris.cappedMemory.physical", #""512m""#),
        FlagUse("solaris-capped-memory-swap", ["512m"], "solaris.cappedMemory.swap", #""512m""#),
        FlagUse("solaris-limitpriv", ["default"], "solaris.limitpriv", #""default""#),
        FlagUse("solaris-max-shm-memory", ["512m"], "solaris.maxShmMemory", #""512m""#),
        FlagUse("solaris-milestone", ["svc:/m"], "solaris.milestone", #""svc:/m""#),
        FlagUse(
            "vm-hypervisor-parameters", ["-a", "--vm-hypervisor-parameters", "b"], "vm.hypervisor.parameters",
            #"["-a","b"]"#),
        FlagUse("vm-hypervisor-path", ["/h"], "vm.hypervisor.path", #""/h""#),
        FlagUse("vm-image-format", ["qcow2"], "vm.image.format", #""qcow2""#),
        FlagUse("vm-image-path", ["/i"], "vm.image.path", #""/i""#),
        FlagUse("vm-kernel-initrd", ["/i"], "vm.kernel.initrd", #""/i""#),
        FlagUse("vm-kernel-parameters", ["quiet"], "vm.kernel.parameters", #"["quiet"]"#),
        FlagUse("vm-kernel-path", ["/k"], "vm.kernel.path", #""/k""#),
        FlagUse("windows-devices", ["24E552D7:class"], "windows.devices", #"[{"id":"24E552D7","idType":"class"}]"#),
        FlagUse("windows-hyperv-utilityVMPath", [#"C:\u"#], "windows.hyperv.utilityVMPath", #""C:\\u""#),
        FlagUse("windows-ignore-flushes-during-boot", [], "windows.ignoreFlushesDuringBoot", "true"),
        FlagUse("windows-layer-folders", [#"C:\l"#], "windows.layerFolders", #"["C:\\l"]"#),
        FlagUse("windows-network", [#"{"endpointList":["a"]}"#], "windows.network.endpointList", #"["a"]"#),
        FlagUse("windows-network-allowunqualifieddnsquery", [], "windows.network.allowUnqualifiedDNSQuery", "true"),
        FlagUse("windows-network-networkNamespace", ["n"], "windows.network.networkNamespace", #""n""#),
        FlagUse("windows-resources-cpu", [#"{"count":2}"#], "windows.resources.cpu.count", "2"),
        FlagUse("windows-resources-memory-limit", ["7"], "windows.resources.memory.limit", "7"),
        FlagUse("windows-resources-storage", [#"{"iops":7}"#], "windows.resources.storage.iops", "7"),
        FlagUse("windows-servicing", [], "windows.servicing", "true"),
    ]

    static let beyond: [FlagUse] = [
        FlagUse("hooks-createruntime-add", ["/x"], "hooks.createRuntime[0].path", #""/x""#),
        FlagUse("hooks-createcontainer-add", ["/x"], "hooks.createContainer[0].path", #""/x""#),
        FlagUse("hooks-startcontainer-add", ["/x"], "hooks.startContainer[0].path", #""/x""#),
        FlagUse("linux-unified", ["memory.high=1G"], #"linux.resources.unified["memory.high"]"#, #""1G""#),
        FlagUse("linux-cpu-burst", ["20000"], "linux.resources.cpu.burst", "20000"),
        FlagUse("linux-cpu-idle", ["1"], "linux.resources.cpu.idle", "1"),
        FlagUse(
            "linux-time-offset", ["monotonic=3600.5"], "linux.timeOffsets.monotonic", #"{"secs":3600,"nanosecs":5}"#),
        FlagUse("linux-time-offset", ["boottime=-1"], "linux.namespaces[2].type", #""time""#),
        FlagUse("linux-personality", ["LINUX32"], "linux.personality.domain", #""LINUX32""#),
        FlagUse(
            "process-scheduler-policy", ["SCHED_BATCH", "--process-scheduler-nice", "-5"], "process.scheduler",
            #"{"policy":"SCHED_BATCH","nice":-5}"#),
        FlagUse(
            "process-io-priority", ["IOPRIO_CLASS_BE:4"], "process.ioPriority",
            #"{"class":"IOPRIO_CLASS_BE","priority":4}"#),
        FlagUse("process-exec-cpu-initial", ["0-3"], "process.execCPUAffinity.initial", #""0-3""#),
        FlagUse("linux-net-device-add", ["eth1:lan0"], "linux.netDevices.eth1.name", #""lan0""#),
        FlagUse(
            "linux-memory-policy", ["MPOL_INTERLEAVE:0-1", "--linux-memory-policy-flag", "MPOL_F_STATIC_NODES"],
            "linux.memoryPolicy", #"{"mode":"MPOL_INTERLEAVE","nodes":"0-1","flags":["MPOL_F_STATIC_NODES"]}"#),
        FlagUse("linux-rdma", ["mlx5_1:3:4"], "linux.resources.rdma.mlx5_1", #"{"hcaHandles":3,"hcaObjects":4}"#),
        FlagUse("linux-seccomp-listener-path", ["/s"], "linux.seccomp.listenerPath", #""/s""#),
        FlagUse("linux-seccomp-default-errno", ["38"], "linux.seccomp.defaultErrnoRet", "38"),
        FlagUse(
            "linux-seccomp-flag", ["SECCOMP_FILTER_FLAG_LOG"], "linux.seccomp.flags", #"["SECCOMP_FILTER_FLAG_LOG"]"#),
        FlagUse("linux-seccomp-profile", ["none"], "linux.seccomp", nil),
        FlagUse(
            "mounts-uidmapping", ["/old:1000:0:1"], "mounts[0].uidMappings",
            #"[{"hostID":1000,"containerID":0,"size":1}]"#),
        FlagUse(
            "mounts-add", ["/src:/dst:ro"], "mounts[2]",
            #"{"destination":"/dst","type":"bind","source":"/src","options":["rbind","ro"]}"#),
        FlagUse("linux-intelRdt-schemata", ["L2:0=f"], "linux.intelRdt.schemata", #"["L2:0=f"]"#),
        FlagUse("env-remove", ["TERM"], "process.env", #"["PATH=/bin"]"#),
        FlagUse("env-clear", ["--env", "A="], "process.env", #"["A="]"#),
        FlagUse("linux-masked-paths-remove", ["/old"], "linux.maskedPaths", "[]"),
        FlagUse("linux-sysctl-remove", ["kernel.domainname"], "linux.sysctl", "{}"),
        FlagUse("annotation-remove", ["old"], "annotations", "{}"),
        FlagUse("namespace", ["network=host"], "linux.namespaces", #"[{"type":"pid"}]"#),
        FlagUse("set", ["linux.resources.cpu.burst=20000"], "linux.resources.cpu.burst", "20000"),
        FlagUse("set", ["annotations.a.b=c=d"], #"annotations["a.b"]"#, #""c=d""#),
        FlagUse("set", [#"process.args=["a","b"]"#], "process.args", #"["a","b"]"#),
        FlagUse("set", ["linux.devices[1].fileMode=0o600"], "linux.devices[1].fileMode", "384"),
        FlagUse("append", ["process.args=-v"], "process.args", #"["sh","-v"]"#),
        FlagUse("append", [#"mounts={"destination":"/x"}"#], "mounts[2].destination", #""/x""#),
        FlagUse("unset", ["mounts[0]"], "mounts[0].destination", #""/kept""#),
        FlagUse("no-terminal", [], "process.terminal", "false"),
        FlagUse("user", ["5:6"], "process.user", #"{"uid":5,"gid":6}"#),
    ]

    /// Every flag of `oci-runtime-tool generate`.
    static let ociRuntimeTool = Set(
        """
        args domainname env env-file hooks-poststart-add hooks-poststart-remove-all hooks-poststop-add
        hooks-poststop-remove-all hooks-prestart-add hooks-prestart-remove-all hostname label linux-apparmor
        linux-blkio-leaf-weight linux-blkio-leaf-weight-device linux-blkio-read-bps-device
        linux-blkio-read-iops-device linux-blkio-weight linux-blkio-weight-device linux-blkio-write-bps-device
        linux-blkio-write-iops-device linux-cgroups-path linux-cpu-period linux-cpu-quota linux-cpu-shares
        linux-cpus linux-device-add linux-device-cgroup-add linux-device-cgroup-remove linux-device-remove
        linux-device-remove-all linux-disable-oom-kill linux-gidmappings linux-hugepage-limits-add
        linux-hugepage-limits-drop linux-intelRdt-closid linux-intelRdt-l3CacheSchema linux-masked-paths
        linux-mem-kernel-limit linux-mem-kernel-tcp linux-mem-limit linux-mem-reservation linux-mem-swap
        linux-mem-swappiness linux-mems linux-mount-label linux-namespace-add linux-namespace-remove
        linux-namespace-remove-all linux-network-classid linux-network-priorities linux-oom-score-adj
        linux-pids-limit linux-readonly-paths linux-realtime-period linux-realtime-runtime
        linux-rootfs-propagation linux-seccomp-allow linux-seccomp-arch linux-seccomp-default
        linux-seccomp-default-force linux-seccomp-errno linux-seccomp-kill linux-seccomp-only
        linux-seccomp-remove linux-seccomp-remove-all linux-seccomp-trace linux-seccomp-trap linux-selinux-label
        linux-sysctl linux-uidmappings mounts-add mounts-remove mounts-remove-all oci-version os output
        privileged process-cap-add process-cap-add-ambient process-cap-add-bounding process-cap-add-effective
        process-cap-add-inheritable process-cap-add-permitted process-cap-drop process-cap-drop-all
        process-cap-drop-ambient process-cap-drop-bounding process-cap-drop-effective
        process-cap-drop-inheritable process-cap-drop-permitted process-consolesize process-cwd process-gid
        process-groups process-no-new-privileges process-rlimits-add process-rlimits-remove
        process-rlimits-remove-all process-terminal process-uid process-umask process-username rootfs-path
        rootfs-readonly solaris-anet solaris-capped-cpu-ncpus solaris-capped-memory-physical
        solaris-capped-memory-swap solaris-limitpriv solaris-max-shm-memory solaris-milestone template
        vm-hypervisor-parameters vm-hypervisor-path vm-image-format vm-image-path vm-kernel-initrd
        vm-kernel-parameters vm-kernel-path windows-devices windows-hyperv-utilityVMPath
        windows-ignore-flushes-during-boot windows-layer-folders windows-network
        windows-network-allowunqualifieddnsquery windows-network-networkNamespace windows-resources-cpu
        windows-resources-memory-limit windows-resources-storage windows-servicing
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
