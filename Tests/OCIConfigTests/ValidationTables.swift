import OCIConfig

extension Breach {
    static let all: [Breach] =
        schema + document + process + mountsAndHooks + namespaces + devices + resources + rest + host

    private static let schema = [
        Breach("type", "process.cwd", "1"),
        Breach("type", "process.args", #"["a",null]"#, at: "process.args[1]"),
        Breach("type", "mounts", "{}"),
        Breach("type", "linux.resources.cpu", "null"),
        Breach("type", "annotations", #"{"a":1}"#, at: "annotations.a"),
        Breach("type", "process.user.uid", "1.0"),
        Breach("range", "process.user.uid", "4294967296"),
        Breach("range", "process.user.gid", "-1"),
        Breach("range", "linux.resources.network", #"{"classID":4294967296}"#, at: "linux.resources.network.classID"),
        Breach("value", "linux.namespaces[0].type", #""prozess""#),
        Breach("value", "linux.rootfsPropagation", #""rslave""#),
        Breach("value", "linux.seccomp.defaultAction", #""ALLOW""#),
        Breach("value", "linux.seccomp.syscalls[2].args[0].op", #""EQ""#),
        Breach("required", "ociVersion", nil),
        Breach("required", "process.cwd", nil),
        Breach("required", "mounts[0].destination", nil),
        Breach("required", "linux.namespaces[1].type", nil),
        Breach("required", "linux.seccomp.defaultAction", nil, at: "linux.seccomp.defaultAction"),
        Breach("required", "process.rlimits[0].soft", nil),
        Breach("misspelt-key", "process.terminl", "true"),
        Breach("misspelt-key", "linux.maskedpaths", "[]"),
        Breach("misspelt-key", [("foo", "1")], at: "foo", strict: true),
    ]

    private static let document = [
        Breach("version-form", "ociVersion", #""1.0""#), Breach("version-form", "ociVersion", #""01.0.0""#),
        Breach("version-form", "ociVersion", #""v1.0.0""#), Breach("version-form", "ociVersion", #""1.0.0-""#),
        Breach("version-known", "ociVersion", #""1.4.0""#), Breach("version-known", "ociVersion", #""2.0.0""#),
        Breach("root-required", "root", nil),
        Breach("root-path", "root.path", #""""#),
        Breach(
            "root-readonly",
            windows + [("root", #"{"path":"\\\\?\\Volume{ec84d99e}\\","readonly":true}"#)], at: "root.readonly"),
        Breach("hostname-namespace", [("linux.namespaces", #"[{"type":"pid"}]"#)], at: "hostname"),
        Breach("annotation-key", "annotations", #"{"":"x"}"#, at: #"annotations[""]"#),
        Breach("windows-layer-folders", windows + [("windows.layerFolders", "[]")], at: "windows.layerFolders"),
        Breach("process-args", windows + [("process.args", nil)], at: "process.commandLine"),
        Breach(
            "mount-nesting",
            windows + [("mounts", #"[{"destination":"c:\\foo"},{"destination":"C:\\Foo\\bar"}]"#)],
            at: "mounts[1].destination"),
    ]

    /// What makes the default one for Windows.
    static let windows: [(String, String?)] = [
        ("linux", nil), ("mounts", nil), ("root", #"{"path":"\\\\?\\Volume{ec84d99e}\\"}"#), ("process.rlimits", nil),
        ("process.cwd", #""C:\\""#), ("windows", #"{"layerFolders":["C:\\layer"]}"#),
    ]

    private static let process = [
        Breach("process-user", "process.user.uid", nil),
        Breach("process-user", "process.user", nil, at: "process.user.gid"),
        Breach("process-args", "process.args", nil), Breach("process-args", "process.args", "[]"),
        Breach("process-cwd", "process.cwd", #""srv""#), Breach("process-cwd", "process.cwd", #""""#),
        Breach("process-env", "process.env", #"["PATH"]"#, at: "process.env[0]"),
        Breach("nul-bytes", "process.args", #"["a\u0000b"]"#, at: "process.args[0]"),
        Breach("rlimit-type", "process.rlimits[0].type", #""RLIMIT_NOFIEL""#),
        Breach(
            "rlimit-duplicate", "process.rlimits",
            #"[{"type":"RLIMIT_AS","soft":1,"hard":1},{"type":"RLIMIT_AS","soft":2,"hard":2}]"#,
            at: "process.rlimits[1].type"),
        Breach("rlimit-order", "process.rlimits[0].soft", "18446744073709551615"),
        Breach(
            "capability-name", "process.capabilities.bounding", #"["CAP_SYS_ADMN"]"#,
            at: "process.capabilities.bounding[0]"),
        Breach("capability-sets", "process.capabilities.permitted", "[]", at: "process.capabilities.effective[0]"),
        Breach(
            "capability-sets", "process.capabilities.ambient", #"["CAP_KILL"]"#,
            at: "process.capabilities.ambient[0]"),
        Breach("oom-score-adj", "process.oomScoreAdj", "1001"), Breach("oom-score-adj", "process.oomScoreAdj", "-1001"),
        Breach("scheduler", "process.scheduler", #"{"policy":"SCHED_OTHER","nice":20}"#, at: "process.scheduler.nice"),
        Breach(
            "scheduler", "process.scheduler", #"{"policy":"SCHED_BATCH","priority":1}"#,
            at: "process.scheduler.priority"),
        Breach(
            "scheduler", "process.scheduler", #"{"policy":"SCHED_RR","priority":100}"#,
            at: "process.scheduler.priority"),
        Breach(
            "scheduler", "process.scheduler", #"{"policy":"SCHED_RR","priority":1,"runtime":5}"#,
            at: "process.scheduler.runtime"),
        Breach(
            "scheduler", "process.scheduler", #"{"policy":"SCHED_DEADLINE","runtime":5,"deadline":4,"period":6}"#,
            at: "process.scheduler.runtime"),
        Breach("io-priority", "process.ioPriority", #"{"class":"IOPRIO_CLASS_BE"}"#, at: "process.ioPriority.priority"),
        Breach(
            "io-priority", "process.ioPriority", #"{"class":"IOPRIO_CLASS_BE","priority":8}"#,
            at: "process.ioPriority.priority"),
        Breach(
            "exec-cpu-affinity", "process.execCPUAffinity", #"{"initial":"0-x"}"#,
            at: "process.execCPUAffinity.initial"),
    ]

    private static let mountsAndHooks = [
        Breach("mount-destination", "mounts[0].destination", #""proc""#),
        Breach(
            "mount-destination", [("ociVersion", #""1.1.0""#), ("mounts[0].destination", #""proc""#)],
            at: "mounts[0].destination"),
        Breach(
            "mount-destination", [("ociVersion", #""1.2.0""#), ("mounts[0].destination", #""proc""#)],
            at: "mounts[0].destination"),
        Breach("mount-destination", "mounts[0].destination", #""""#),
        Breach(
            "mount-mappings", "mounts[0].uidMappings", #"[{"containerID":0,"hostID":0,"size":1}]"#,
            at: "mounts[0].gidMappings"),
        Breach("mount-source", "mounts[0]", #"{"destination":"/x","options":["rbind"]}"#, at: "mounts[0].source"),
        Breach("mount-source", "mounts[0]", #"{"destination":"/x","source":"x"}"#, at: "mounts[0].type"),
        Breach("hook-path", "hooks", #"{"createContainer":[{"path":"bin/x"}]}"#, at: "hooks.createContainer[0].path"),
        Breach("hook-timeout", "hooks", #"{"prestart":[{"path":"/x","timeout":0}]}"#, at: "hooks.prestart[0].timeout"),
    ]

    private static let namespaces = [
        Breach("namespace-duplicate", "linux.namespaces[1].type", #""pid""#),
        Breach("namespace-path", "linux.namespaces[0].path", #""proc/1/ns/pid""#),
        Breach("user-mappings", "linux.uidMappings", #"[{"containerID":0,"hostID":1,"size":1}]"#),
        Breach("user-mappings", "linux.namespaces[0].type", #""user""#, at: "linux.gidMappings"),
        Breach("mapping-range", mapped(#"{"containerID":0,"hostID":0,"size":0}"#), at: "linux.uidMappings[0].size"),
        Breach(
            "mapping-range", mapped(#"{"containerID":4294967295,"hostID":0,"size":2}"#),
            at: "linux.uidMappings[0].containerID"),
        Breach(
            "mapping-range",
            mapped(#"{"containerID":0,"hostID":0,"size":2},{"containerID":9,"hostID":1,"size":1}"#),
            at: "linux.uidMappings[1].hostID"),
        Breach("time-offsets", timed(#"{"realtime":{"secs":1}}"#), at: "linux.timeOffsets.realtime"),
        Breach(
            "time-offsets", timed(#"{"boottime":{"nanosecs":1000000000}}"#),
            at: "linux.timeOffsets.boottime.nanosecs"),
        Breach("time-namespace", "linux.timeOffsets", #"{"monotonic":{"secs":1}}"#),
        Breach(
            "net-devices", "linux.netDevices", #"{"a-name-that-is-too-long":{}}"#,
            at: "linux.netDevices.a-name-that-is-too-long"),
        Breach("net-devices", "linux.netDevices", #"{"eth0":{"name":"a/b"}}"#, at: "linux.netDevices.eth0.name"),
        Breach(
            "net-devices", [("linux.namespaces[1].type", #""time""#), ("linux.netDevices", #"{"eth0":{}}"#)],
            at: "linux.netDevices"),
        Breach(
            "sysctl-namespace",
            [("linux.namespaces[1].type", #""time""#), ("linux.sysctl", #"{"net.ipv4.ip_forward":"1"}"#)],
            at: #"linux.sysctl["net.ipv4.ip_forward"]"#),
        Breach("sysctl-namespace", "linux.sysctl", #"{"vm.swappiness":"1"}"#, at: #"linux.sysctl["vm.swappiness"]"#),
    ]

    private static func mapped(_ mappings: String) -> [(String, String?)] {
        [
            ("linux.namespaces[1].type", #""user""#), ("linux.uidMappings", "[\(mappings)]"),
            ("linux.gidMappings", #"[{"containerID":0,"hostID":0,"size":1}]"#),
        ]
    }

    private static func timed(_ offsets: String) -> [(String, String?)] {
        [("linux.namespaces[1].type", #""time""#), ("linux.timeOffsets", offsets)]
    }

    private static let devices = [
        Breach(
            "device-numbers", "linux.devices", #"[{"type":"c","path":"/d","minor":0}]"#, at: "linux.devices[0].major"),
        Breach(
            "device-mode", "linux.devices", #"[{"type":"c","path":"/d","major":1,"minor":2,"fileMode":512}]"#,
            at: "linux.devices[0].fileMode"),
        Breach(
            "device-mode", "linux.devices", #"[{"type":"c","path":"/d","major":1,"minor":2,"fileMode":8630}]"#,
            at: "linux.devices[0].fileMode"),
        Breach("device-path", "linux.devices", #"[{"type":"p","path":"d"}]"#, at: "linux.devices[0].path"),
        Breach(
            "device-duplicate", "linux.devices",
            #"[{"type":"c","path":"/d","major":1,"minor":0},{"type":"c","path":"/e","major":1,"minor":0}]"#,
            at: "linux.devices[1]"),
        Breach(
            "device-rule", "linux.resources.devices", #"[{"allow":true,"type":"p"}]"#,
            at: "linux.resources.devices[0].type"),
        Breach(
            "device-rule", "linux.resources.devices", #"[{"allow":true,"access":"rx"}]"#,
            at: "linux.resources.devices[0].access"),
    ]

    private static let resources = [
        Breach("memory-limits", "linux.resources.memory", #"{"limit":-2}"#, at: "linux.resources.memory.limit"),
        Breach(
            "memory-limits", "linux.resources.memory", #"{"limit":20,"swap":10}"#, at: "linux.resources.memory.swap"),
        Breach("swappiness", "linux.resources.memory", #"{"swappiness":101}"#, at: "linux.resources.memory.swappiness"),
        Breach("cpu-burst", "linux.resources.cpu", #"{"quota":10,"burst":11}"#, at: "linux.resources.cpu.burst"),
        Breach("cpu-idle", "linux.resources.cpu", #"{"idle":2}"#, at: "linux.resources.cpu.idle"),
        Breach("cpu-lists", "linux.resources.cpu", #"{"cpus":"3-1"}"#, at: "linux.resources.cpu.cpus"),
        Breach("cpu-lists", "linux.resources.cpu", #"{"mems":"0,,1"}"#, at: "linux.resources.cpu.mems"),
        Breach(
            "block-io-weight", "linux.resources.blockIO", #"{"leafWeight":1001}"#,
            at: "linux.resources.blockIO.leafWeight"),
        Breach(
            "weight-device", "linux.resources.blockIO", #"{"weightDevice":[{"major":8,"minor":0}]}"#,
            at: "linux.resources.blockIO.weightDevice[0].weight"),
        Breach(
            "hugepage-size", "linux.resources.hugepageLimits", #"[{"pageSize":"64kB","limit":1}]"#,
            at: "linux.resources.hugepageLimits[0].pageSize"),
        Breach("rdma", "linux.resources.rdma", #"{"mlx5_1":{}}"#, at: "linux.resources.rdma.mlx5_1.hcaHandles"),
        Breach("unified", "linux.resources.unified", #"{"../x":"1"}"#, at: #"linux.resources.unified["../x"]"#),
        Breach("pids-limit", "linux.resources.pids", #"{"limit":-2}"#, at: "linux.resources.pids.limit"),
        Breach("intel-rdt", "linux.intelRdt", #"{"memBwSchema":"L3:0=1"}"#, at: "linux.intelRdt.memBwSchema"),
        Breach("intel-rdt", "linux.intelRdt", #"{"schemata":["a\nb"]}"#, at: "linux.intelRdt.schemata[0]"),
        Breach("intel-rdt", "linux.intelRdt", #"{"closID":"../x"}"#, at: "linux.intelRdt.closID"),
        Breach("memory-policy", "linux.memoryPolicy", #"{"mode":"MPOL_BIND"}"#, at: "linux.memoryPolicy.nodes"),
        Breach(
            "memory-policy", "linux.memoryPolicy", #"{"mode":"MPOL_LOCAL","nodes":"0"}"#,
            at: "linux.memoryPolicy.nodes"),
        Breach(
            "personality", "linux.personality", #"{"domain":"LINUX","flags":["x"]}"#,
            at: "linux.personality.flags[0]"),
    ]

    private static let rest = [
        Breach("masked-paths", "linux.maskedPaths", #"["proc/kcore"]"#, at: "linux.maskedPaths[0]"),
        Breach("readonly-paths", "linux.readonlyPaths", #"["/a","b"]"#, at: "linux.readonlyPaths[1]"),
        Breach("vm-paths", "vm", #"{"kernel":{"path":"vmlinuz"}}"#, at: "vm.kernel.path"),
        Breach("seccomp-names", "linux.seccomp.syscalls[0].names", "[]"),
        Breach("seccomp-errno", "linux.seccomp.syscalls[0].errnoRet", "1"),
        Breach(
            "seccomp-errno", "linux.seccomp.defaultAction", #""SCMP_ACT_KILL""#, at: "linux.seccomp.defaultErrnoRet"),
        Breach("seccomp-argument", "linux.seccomp.syscalls[2].args[0].index", "6"),
        Breach("seccomp-metadata", "linux.seccomp.listenerMetadata", #""x""#),
        Breach("seccomp-notify", "linux.seccomp.syscalls[0].action", #""SCMP_ACT_NOTIFY""#),
    ]

    private static func on(_ configure: (inout HostSupport) -> Void) -> HostSupport {
        var host = HostSupport()
        configure(&host)
        return host
    }

    private static func runtime(_ json: String) -> HostSupport {
        on { $0.features = try? JSONCoding.decode(RuntimeFeatures.self, from: Array(json.utf8)) }
    }

    private static let host = [
        Breach(
            "host-version", [("ociVersion", #""1.3.0""#)], at: "ociVersion",
            host: runtime(#"{"ociVersionMax":"1.0.2-dev"}"#)),
        Breach(
            "host-namespaces", [], at: "linux.namespaces[5].type",
            host: on { $0.namespaces = ["pid", "network", "ipc", "uts", "mount"] }),
        Breach("host-namespaces", [], at: "linux.namespaces[0].type", host: runtime(#"{"linux":{"namespaces":[]}}"#)),
        Breach("host-capabilities", [], at: "process.capabilities.bounding[0]", host: on { $0.lastCapability = 28 }),
        Breach(
            "host-filesystems", [], at: "mounts[4].type",
            host: on { $0.filesystems = ["proc", "tmpfs", "devpts", "sysfs"] }),
        Breach(
            "host-cgroup", [("linux.resources.unified", #"{"memory.high":"1"}"#)], at: "linux.resources.unified",
            host: on { $0.isUnifiedCgroup = false }),
        Breach(
            "host-hooks", [("hooks", #"{"startContainer":[{"path":"/x"}]}"#)], at: "hooks.startContainer",
            host: runtime(#"{"hooks":["prestart"]}"#)),
        Breach("host-seccomp", [], at: "linux.seccomp", host: runtime(#"{"linux":{"seccomp":{"enabled":false}}}"#)),
        Breach(
            "host-seccomp", [], at: "linux.seccomp.syscalls[2].args[0].op",
            host: runtime(#"{"linux":{"seccomp":{"enabled":true,"operators":["SCMP_CMP_EQ"]}}}"#)),
        Breach(
            "host-labels", [("process.apparmorProfile", #""x""#)], at: "process.apparmorProfile",
            host: on { $0.hasAppArmor = false }),
    ]

    static let legal = [
        Breach("", [], at: ""),
        Breach(
            "", [("linux.devices", #"[{"type":"c","path":"/d","major":0,"minor":0},{"type":"p","path":"/f"}]"#)], at: ""
        ),
        Breach("", "annotations", #"{"org.opencontainers.image.anything":"","x":""}"#),
        Breach("", [("x-extension", #"{"y":[]}"#), ("process.vendor", "1"), ("linux.foobar", "null")], at: ""),
        Breach("", "linux.resources.memory", #"{"limit":-1,"swap":-1,"swappiness":0,"kernel":-1}"#),
        Breach("", "linux.resources.pids", #"{"limit":0}"#),
        Breach("", "linux.resources.hugepageLimits", #"[{"pageSize":"2MB","limit":18446744073709551615}]"#),
        Breach("", "process.rlimits", #"[{"type":"RLIMIT_RTTIME","soft":0,"hard":18446744073709551615}]"#),
        Breach(
            "", "mounts", #"[{"destination":"/a","source":"b","options":["bind"]},{"destination":"/c","type":"tmpfs"}]"#
        ),
        Breach("", "process", nil),
        Breach("", "linux.seccomp.syscalls[1].errnoRet", "0"),
        Breach(
            "", "linux.intelRdt",
            #"{"closID":"/","l3CacheSchema":"L3:0=f","memBwSchema":"MB:0=20","schemata":["L2:0=f"]}"#),
        Breach("", "process.execCPUAffinity", #"{"initial":"7","final":"0-3, 7"}"#),
        Breach("", "linux.memoryPolicy", #"{"mode":"MPOL_PREFERRED","nodes":"0-1","flags":["MPOL_F_STATIC_NODES"]}"#),
        Breach("", windows, at: ""),
        Breach("", windows + [("process.args", nil), ("process.commandLine", #""cmd /c dir""#)], at: ""),
        Breach("", "vm", #"{"kernel":{"path":"/k"},"hwConfig":{"iomems":[{"firstMFN":1,"nrMFNs":2}]}}"#),
    ]
}
