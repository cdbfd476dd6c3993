import ArgumentParser
import OCIConfig

/// The limits of the control group.
struct ConfigResourceFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("linux-cgroups-path"), parsing: .unconditional,
        help: ArgumentHelp("Where the control group is.", valueName: "path"))
    var cgroupsPath: String?

    @Option(
        name: .customLong("linux-cpu-shares"), parsing: .unconditional,
        help: ArgumentHelp("The relative share of CPU time.", valueName: "n"))
    var cpuShares: String?

    @Option(
        name: .customLong("linux-cpu-quota"), parsing: .unconditional,
        help: ArgumentHelp("CPU time in each period; -1 is unlimited.", valueName: "us"))
    var cpuQuota: String?

    @Option(
        name: .customLong("linux-cpu-burst"), parsing: .unconditional,
        help: ArgumentHelp("How much unused quota may be saved.", valueName: "us"))
    var cpuBurst: String?

    @Option(
        name: .customLong("linux-cpu-period"), parsing: .unconditional,
        help: ArgumentHelp("The period.", valueName: "us"))
    var cpuPeriod: String?

    @Option(
        name: .customLong("linux-cpu-idle"), parsing: .unconditional,
        help: ArgumentHelp("Whether the group runs only when nothing else does.", valueName: "0|1"))
    var cpuIdle: String?

    @Option(
        name: .customLong("linux-realtime-runtime"), parsing: .unconditional,
        help: ArgumentHelp("Time of real-time processes in each period.", valueName: "us"))
    var realtimeRuntime: String?

    @Option(
        name: .customLong("linux-realtime-period"), parsing: .unconditional,
        help: ArgumentHelp("The period of real-time processes.", valueName: "us"))
    var realtimePeriod: String?

    @Option(
        name: .customLong("linux-cpus"), parsing: .unconditional,
        help: ArgumentHelp("The CPUs, as 0-3,7.", valueName: "list"))
    var cpus: String?

    @Option(
        name: .customLong("linux-mems"), parsing: .unconditional,
        help: ArgumentHelp("The memory nodes.", valueName: "list"))
    var mems: String?

    @Option(
        name: .customLong("linux-mem-limit"), parsing: .unconditional,
        help: ArgumentHelp("The memory limit; -1 is unlimited.", valueName: "bytes"))
    var memLimit: String?

    @Option(
        name: .customLong("linux-mem-reservation"), parsing: .unconditional,
        help: ArgumentHelp("The soft limit.", valueName: "bytes"))
    var memReservation: String?

    @Option(
        name: .customLong("linux-mem-swap"), parsing: .unconditional,
        help: ArgumentHelp("The limit of memory and swap together.", valueName: "bytes"))
    var memSwap: String?

    @Option(
        name: .customLong("linux-mem-swappiness"), parsing: .unconditional,
        help: ArgumentHelp("How eagerly pages are swapped, 0 to 100.", valueName: "n"))
    var memSwappiness: String?

    @Option(
        name: .customLong("linux-mem-kernel-limit"), parsing: .unconditional,
        help: ArgumentHelp("Deprecated: the limit of kernel memory.", valueName: "bytes"))
    var memKernel: String?

    @Option(
        name: .customLong("linux-mem-kernel-tcp"), parsing: .unconditional,
        help: ArgumentHelp("Deprecated: the limit of kernel TCP buffers.", valueName: "bytes"))
    var memKernelTCP: String?

    @Flag(
        name: .customLong("linux-mem-check-before-update"), inversion: .prefixedNo,
        help: "Whether an update below what is used fails.")
    var memCheck: Bool?

    @Flag(
        name: .customLong("linux-disable-oom-kill"), inversion: .prefixedNo,
        help: "Whether a process over the limit waits and is not killed.")
    var disableOOMKill: Bool?

    @Option(
        name: .customLong("linux-pids-limit"), parsing: .unconditional,
        help: ArgumentHelp("How many processes; -1 is unlimited.", valueName: "n"))
    var pidsLimit: String?

    @Option(
        name: .customLong("linux-hugepage-limits-drop"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes the limit of huge pages of a size.", valueName: "size"))
    var hugepagesDrop: [String] = []

    @Option(
        name: .customLong("linux-hugepage-limits-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets the limit of huge pages of a size, as 2MB:4194304.", valueName: "size:bytes"))
    var hugepages: [String] = []

    @Option(
        name: .customLong("linux-unified-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a cgroup v2 setting.", valueName: "file"))
    var unifiedRemove: [String] = []

    @Option(
        name: .customLong("linux-unified"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets a cgroup v2 file, as memory.high=1G.", valueName: "file=value"))
    var unified: [String] = []

    @Option(
        name: .customLong("linux-rdma-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes the limits of an RDMA device.", valueName: "device"))
    var rdmaRemove: [String] = []

    @Option(
        name: .customLong("linux-rdma"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets the limits of an RDMA device.", valueName: "device:handles:objects"))
    var rdma: [String] = []

    @Option(
        name: .customLong("linux-network-classid"), parsing: .unconditional,
        help: ArgumentHelp("The traffic class.", valueName: "id"))
    var networkClassID: String?

    @Option(
        name: .customLong("linux-network-priorities"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("The priority on an interface; -1 removes it.", valueName: "interface:priority"))
    var networkPriorities: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        for entry in hugepagesDrop { list.remove("linux.resources.hugepageLimits", ["pageSize": .string(entry)]) }
        for entry in unifiedRemove { list.unset("linux.resources.unified", entry) }
        for entry in rdmaRemove { list.unset("linux.resources.rdma", entry) }
        list.set("linux.cgroupsPath", cgroupsPath)
        list.set("linux.resources.cpu.shares", cpuShares)
        list.set("linux.resources.cpu.quota", cpuQuota)
        list.set("linux.resources.cpu.burst", cpuBurst)
        list.set("linux.resources.cpu.period", cpuPeriod)
        list.set("linux.resources.cpu.idle", cpuIdle)
        list.set("linux.resources.cpu.realtimeRuntime", realtimeRuntime)
        list.set("linux.resources.cpu.realtimePeriod", realtimePeriod)
        list.set("linux.resources.cpu.cpus", cpus)
        list.set("linux.resources.cpu.mems", mems)
        list.set("linux.resources.memory.limit", memLimit)
        list.set("linux.resources.memory.reservation", memReservation)
        list.set("linux.resources.memory.swap", memSwap)
        list.set("linux.resources.memory.swappiness", memSwappiness)
        list.set("linux.resources.memory.kernel", memKernel)
        list.set("linux.resources.memory.kernelTCP", memKernelTCP)
        list.set("linux.resources.memory.checkBeforeUpdate", memCheck)
        list.set("linux.resources.memory.disableOOMKiller", disableOOMKill)
        list.set("linux.resources.pids.limit", pidsLimit)
        for entry in hugepages { try list.hugepageLimit(entry) }
        for entry in unified { try list.pair("linux.resources.unified", entry) }
        for entry in rdma { try list.rdma(entry) }
        list.set("linux.resources.network.classID", networkClassID)
        for entry in networkPriorities { try list.networkPriority(entry) }
        return list.edits
    }
}
