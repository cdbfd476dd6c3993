import ArgumentParser
import OCIConfig

/// What runs in the container.
struct ConfigProcessFlags: ConfigFlagGroup {
    @Flag(
        name: [.customLong("terminal"), .customLong("process-terminal")], inversion: .prefixedNo,
        help: "Whether the process gets a terminal.")
    var terminal: Bool?

    @Option(
        name: .customLong("args"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("The program, and repeated, its arguments.", valueName: "word"))
    var arguments: [String] = []

    @Option(
        name: [.customLong("cwd"), .customLong("process-cwd")], parsing: .unconditional,
        help: ArgumentHelp("The working directory, absolute.", valueName: "dir"))
    var workingDirectory: String?

    @Option(
        name: .customLong("process-consolesize"), parsing: .unconditional,
        help: ArgumentHelp("The terminal's size in characters.", valueName: "width:height"))
    var consoleSize: String?

    @Flag(
        name: .customLong("process-no-new-privileges"), inversion: .prefixedNo,
        help: "Whether the process is kept from gaining privileges.")
    var noNewPrivileges: Bool?

    @Option(
        name: .customLong("process-rlimits-remove"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Removes a resource limit.", valueName: "type"))
    var rlimitsRemove: [String] = []

    @Flag(name: .customLong("process-rlimits-remove-all"), help: "Removes all resource limits first.")
    var rlimitsRemoveAll = false

    @Option(
        name: .customLong("process-rlimits-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Sets a resource limit; unlimited is -1.", valueName: "type:hard:soft"))
    var rlimits: [String] = []

    @Option(
        name: [.customLong("linux-oom-score-adj"), .customLong("process-oom-score-adj")], parsing: .unconditional,
        help: ArgumentHelp("What the kernel adds to its score when memory runs out.", valueName: "n"))
    var oomScoreAdj: String?

    @Option(
        name: .customLong("process-scheduler-policy"), parsing: .unconditional,
        help: ArgumentHelp("The scheduling policy, as SCHED_BATCH.", valueName: "policy"))
    var schedulerPolicy: String?

    @Option(
        name: .customLong("process-scheduler-nice"), parsing: .unconditional,
        help: ArgumentHelp("The nice value.", valueName: "n"))
    var schedulerNice: String?

    @Option(
        name: .customLong("process-scheduler-priority"), parsing: .unconditional,
        help: ArgumentHelp("The static priority of real-time policies.", valueName: "n"))
    var schedulerPriority: String?

    @Option(
        name: .customLong("process-scheduler-flag"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Adds a scheduling flag.", valueName: "flag"))
    var schedulerFlags: [String] = []

    @Option(
        name: .customLong("process-scheduler-runtime"), parsing: .unconditional,
        help: ArgumentHelp("SCHED_DEADLINE: how long it runs in each period.", valueName: "ns"))
    var schedulerRuntime: String?

    @Option(
        name: .customLong("process-scheduler-deadline"), parsing: .unconditional,
        help: ArgumentHelp("SCHED_DEADLINE: until when it must have run.", valueName: "ns"))
    var schedulerDeadline: String?

    @Option(
        name: .customLong("process-scheduler-period"), parsing: .unconditional,
        help: ArgumentHelp("SCHED_DEADLINE: the period.", valueName: "ns"))
    var schedulerPeriod: String?

    @Option(
        name: .customLong("process-io-priority"), parsing: .unconditional,
        help: ArgumentHelp("The I/O priority, as IOPRIO_CLASS_BE:4.", valueName: "class:priority"))
    var ioPriority: String?

    @Option(
        name: .customLong("process-exec-cpu-initial"), parsing: .unconditional,
        help: ArgumentHelp("CPUs of an executed process while it is set up.", valueName: "cpus"))
    var execCPUInitial: String?

    @Option(
        name: .customLong("process-exec-cpu-final"), parsing: .unconditional,
        help: ArgumentHelp("CPUs of an executed process once it runs.", valueName: "cpus"))
    var execCPUFinal: String?

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        for entry in rlimitsRemove { list.remove("process.rlimits", ["type": .string(entry)]) }
        if rlimitsRemoveAll { list.unset("process.rlimits") }
        list.set("process.terminal", terminal)
        for entry in arguments { list.argument(entry) }
        list.set("process.cwd", workingDirectory)
        if let consoleSize { try list.consoleSize(consoleSize) }
        list.set("process.noNewPrivileges", noNewPrivileges)
        for entry in rlimits { try list.rlimit(entry) }
        list.set("process.oomScoreAdj", oomScoreAdj)
        list.set("process.scheduler.policy", schedulerPolicy)
        list.set("process.scheduler.nice", schedulerNice)
        list.set("process.scheduler.priority", schedulerPriority)
        for entry in schedulerFlags { list.add("process.scheduler.flags", entry) }
        list.set("process.scheduler.runtime", schedulerRuntime)
        list.set("process.scheduler.deadline", schedulerDeadline)
        list.set("process.scheduler.period", schedulerPeriod)
        if let ioPriority { try list.ioPriority(ioPriority) }
        list.set("process.execCPUAffinity.initial", execCPUInitial)
        list.set("process.execCPUAffinity.final", execCPUFinal)
        return list.edits
    }
}
