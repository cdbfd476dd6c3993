import ArgumentParser
import OCIConfig

/// Other platforms.
struct ConfigPlatformFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("solaris-anet"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds an automatic network.", valueName: "json"))
    var solarisAnet: [String] = []

    @Option(
        name: .customLong("solaris-capped-cpu-ncpus"), parsing: .unconditional,
        help: ArgumentHelp("How many CPUs.", valueName: "n"))
    var solarisCPUs: String?

    @Option(
        name: .customLong("solaris-capped-memory-physical"), parsing: .unconditional,
        help: ArgumentHelp("The limit of physical memory.", valueName: "size"))
    var solarisMemory: String?

    @Option(
        name: .customLong("solaris-capped-memory-swap"), parsing: .unconditional,
        help: ArgumentHelp("The limit of swap.", valueName: "size"))
    var solarisSwap: String?

    @Option(
        name: .customLong("solaris-limitpriv"), parsing: .unconditional,
        help: ArgumentHelp("The privileges that a process may have.", valueName: "set"))
    var solarisPrivileges: String?

    @Option(
        name: .customLong("solaris-max-shm-memory"), parsing: .unconditional,
        help: ArgumentHelp("The limit of shared memory.", valueName: "size"))
    var solarisSharedMemory: String?

    @Option(
        name: .customLong("solaris-milestone"), parsing: .unconditional,
        help: ArgumentHelp("The service that must be online first.", valueName: "fmri"))
    var solarisMilestone: String?

    @Option(
        name: .customLong("vm-hypervisor-path"), parsing: .unconditional,
        help: ArgumentHelp("The program that runs the virtual machine.", valueName: "path"))
    var vmHypervisor: String?

    @Option(
        name: .customLong("vm-hypervisor-parameters"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a parameter of the hypervisor.", valueName: "word"))
    var vmHypervisorParameters: [String] = []

    @Option(
        name: .customLong("vm-kernel-path"), parsing: .unconditional,
        help: ArgumentHelp("The virtual machine's kernel.", valueName: "path"))
    var vmKernel: String?

    @Option(
        name: .customLong("vm-kernel-parameters"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a kernel parameter.", valueName: "word"))
    var vmKernelParameters: [String] = []

    @Option(
        name: .customLong("vm-kernel-initrd"), parsing: .unconditional,
        help: ArgumentHelp("The initial ramdisk.", valueName: "path"))
    var vmInitrd: String?

    @Option(
        name: .customLong("vm-image-path"), parsing: .unconditional,
        help: ArgumentHelp("The virtual machine's root image.", valueName: "path"))
    var vmImage: String?

    @Option(
        name: .customLong("vm-image-format"), parsing: .unconditional,
        help: ArgumentHelp("raw, qcow2, vdi, vmdk or vhd.", valueName: "format"))
    var vmImageFormat: String?

    @Option(
        name: .customLong("windows-devices"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds or replaces a device.", valueName: "id:idType"))
    var windowsDevices: [String] = []

    @Option(
        name: .customLong("windows-hyperv-utilityVMPath"), parsing: .unconditional,
        help: ArgumentHelp("The image of the utility VM.", valueName: "path"))
    var windowsUtilityVM: String?

    @Flag(
        name: .customLong("windows-ignore-flushes-during-boot"), inversion: .prefixedNo,
        help: "Whether flushes during the utility VM's boot are ignored.")
    var windowsIgnoreFlushes: Bool?

    @Option(
        name: .customLong("windows-layer-folders"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a layer folder.", valueName: "dir"))
    var windowsLayers: [String] = []

    @Option(
        name: .customLong("windows-network"), parsing: .unconditional,
        help: ArgumentHelp("The network.", valueName: "json"))
    var windowsNetwork: String?

    @Flag(
        name: .customLong("windows-network-allowunqualifieddnsquery"), inversion: .prefixedNo,
        help: "Whether names without a dot are looked up.")
    var windowsUnqualifiedDNS: Bool?

    @Option(
        name: .customLong("windows-network-networkNamespace"), parsing: .unconditional,
        help: ArgumentHelp("The network namespace.", valueName: "id"))
    var windowsNetworkNamespace: String?

    @Option(
        name: .customLong("windows-resources-cpu"), parsing: .unconditional,
        help: ArgumentHelp("CPU time.", valueName: "json"))
    var windowsCPU: String?

    @Option(
        name: .customLong("windows-resources-memory-limit"), parsing: .unconditional,
        help: ArgumentHelp("The memory limit.", valueName: "bytes"))
    var windowsMemory: String?

    @Option(
        name: .customLong("windows-resources-storage"), parsing: .unconditional,
        help: ArgumentHelp("Storage.", valueName: "json"))
    var windowsStorage: String?

    @Flag(
        name: .customLong("windows-servicing"), inversion: .prefixedNo,
        help: "Whether the container serves an operating system update.")
    var windowsServicing: Bool?

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        for entry in solarisAnet { try list.json("solaris.anet", entry) }
        list.set("solaris.cappedCPU.ncpus", solarisCPUs)
        list.set("solaris.cappedMemory.physical", solarisMemory)
        list.set("solaris.cappedMemory.swap", solarisSwap)
        list.set("solaris.limitpriv", solarisPrivileges)
        list.set("solaris.maxShmMemory", solarisSharedMemory)
        list.set("solaris.milestone", solarisMilestone)
        list.set("vm.hypervisor.path", vmHypervisor)
        for entry in vmHypervisorParameters { list.appendText("vm.hypervisor.parameters", entry) }
        list.set("vm.kernel.path", vmKernel)
        for entry in vmKernelParameters { list.appendText("vm.kernel.parameters", entry) }
        list.set("vm.kernel.initrd", vmInitrd)
        list.set("vm.image.path", vmImage)
        list.set("vm.image.format", vmImageFormat)
        for entry in windowsDevices { try list.windowsDevice(entry) }
        list.set("windows.hyperv.utilityVMPath", windowsUtilityVM)
        list.set("windows.ignoreFlushesDuringBoot", windowsIgnoreFlushes)
        for entry in windowsLayers { list.add("windows.layerFolders", entry) }
        list.set("windows.network", windowsNetwork)
        list.set("windows.network.allowUnqualifiedDNSQuery", windowsUnqualifiedDNS)
        list.set("windows.network.networkNamespace", windowsNetworkNamespace)
        list.set("windows.resources.cpu", windowsCPU)
        list.set("windows.resources.memory.limit", windowsMemory)
        list.set("windows.resources.storage", windowsStorage)
        list.set("windows.servicing", windowsServicing)
        return list.edits
    }
}
