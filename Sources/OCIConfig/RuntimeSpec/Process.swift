extension RuntimeSpec {
    /// What runs in the container.
    ///
    /// Source: config.md, Process.
    public struct Process: SpecObject {
        /// Whether it gets a terminal.
        public var terminal: Bool?
        /// The terminal's size in characters.
        public var consoleSize: ConsoleSize?
        /// Its working directory, absolute.
        public var cwd: String?
        /// Its environment, `NAME=value`.
        public var env: [String]?
        /// The program and its arguments; at least one entry.
        public var args: [String]?
        /// The whole command line, on Windows.
        public var commandLine: String?
        /// As whom it runs.
        public var user: User?
        /// Its resource limits.
        public var rlimits: [Rlimit]?
        /// Its AppArmor profile.
        public var apparmorProfile: String?
        /// Its capabilities.
        public var capabilities: Capabilities?
        /// Whether it is kept from gaining privileges, as through setuid programs.
        public var noNewPrivileges: Bool?
        /// What the kernel adds to its score when memory runs out, -1000 to 1000.
        public var oomScoreAdj: Int64?
        /// How it is scheduled.
        public var scheduler: Scheduler?
        /// Its SELinux label.
        public var selinuxLabel: String?
        /// Its I/O priority.
        public var ioPriority: IOPriority?
        /// The CPUs of processes that are executed in the container later.
        public var execCPUAffinity: ExecCPUAffinity?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("terminal", \.terminal),
            SpecField("consoleSize", \.consoleSize),
            SpecField("cwd", \.cwd, .required),
            SpecField("env", \.env),
            SpecField("args", \.args),
            SpecField("commandLine", \.commandLine),
            SpecField("user", \.user),
            SpecField("rlimits", \.rlimits),
            SpecField("apparmorProfile", \.apparmorProfile),
            SpecField("capabilities", \.capabilities),
            SpecField("noNewPrivileges", \.noNewPrivileges),
            SpecField("oomScoreAdj", \.oomScoreAdj),
            SpecField("scheduler", \.scheduler),
            SpecField("selinuxLabel", \.selinuxLabel),
            SpecField("ioPriority", \.ioPriority),
            SpecField("execCPUAffinity", \.execCPUAffinity),
        ]
    }
}

extension RuntimeSpec {
    /// A terminal's size in characters.
    ///
    /// Source: config.md, Process.
    public struct ConsoleSize: SpecObject {
        /// Lines.
        public var height: UInt64?
        /// Columns.
        public var width: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("height", \.height, .required),
            SpecField("width", \.width, .required),
        ]
    }
}

extension RuntimeSpec {
    /// As whom a process runs.
    ///
    /// Source: config.md, POSIX-platform User.
    public struct User: SpecObject {
        /// The user id in the container.
        public var uid: UInt32?
        /// The group id in the container.
        public var gid: UInt32?
        /// The file mode creation mask.
        public var umask: UInt32?
        /// Further group ids in the container.
        public var additionalGids: [UInt32]?
        /// The user's name, on Windows.
        public var username: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, POSIX-platform User"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("uid", \.uid),
            SpecField("gid", \.gid),
            SpecField("umask", \.umask),
            SpecField("additionalGids", \.additionalGids),
            SpecField("username", \.username),
        ]
    }
}

extension RuntimeSpec {
    /// A resource limit of setrlimit(2).
    ///
    /// Source: config.md, POSIX process.
    public struct Rlimit: SpecObject {
        /// Which one: `RLIMIT_NOFILE` and so on.
        public var type: String?
        /// The limit that is enforced.
        public var soft: UInt64?
        /// How far the process may raise it.
        public var hard: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, POSIX process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("type", \.type, .required),
            SpecField("soft", \.soft, .required),
            SpecField("hard", \.hard, .required),
        ]
    }
}

extension RuntimeSpec {
    /// The five capability sets, each of names such as `CAP_KILL`.
    ///
    /// Source: config.md, Linux Process.
    public struct Capabilities: SpecObject {
        /// The limit of what can be gained.
        public var bounding: [String]?
        /// What the kernel checks.
        public var effective: [String]?
        /// What is kept across an exec of a program with file capabilities.
        public var inheritable: [String]?
        /// What may be made effective.
        public var permitted: [String]?
        /// What is kept across an exec of any program.
        public var ambient: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Linux Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("bounding", \.bounding),
            SpecField("effective", \.effective),
            SpecField("inheritable", \.inheritable),
            SpecField("permitted", \.permitted),
            SpecField("ambient", \.ambient),
        ]
    }
}

extension RuntimeSpec {
    /// The attributes of sched_setattr(2).
    ///
    /// Source: config.md, Linux Process.
    public struct Scheduler: SpecObject {
        /// The policy, such as `SCHED_OTHER`.
        public var policy: String?
        /// The nice value.
        public var nice: Int32?
        /// The static priority of real-time policies.
        public var priority: Int32?
        /// Flags such as `SCHED_FLAG_RESET_ON_FORK`.
        public var flags: [String]?
        /// How long it may run in each period, in nanoseconds; `SCHED_DEADLINE`.
        public var runtime: UInt64?
        /// Until when it must have run, in nanoseconds; `SCHED_DEADLINE`.
        public var deadline: UInt64?
        /// The period, in nanoseconds; `SCHED_DEADLINE`.
        public var period: UInt64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Linux Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("policy", \.policy, .oneOf(Scheduler.policies).requiring()),
            SpecField("nice", \.nice),
            SpecField("priority", \.priority),
            SpecField("flags", \.flags, .oneOf(Scheduler.knownFlags)),
            SpecField("runtime", \.runtime),
            SpecField("deadline", \.deadline),
            SpecField("period", \.period),
        ]
    }
}

extension RuntimeSpec {
    /// An I/O priority.
    ///
    /// Source: config.md, Linux Process.
    public struct IOPriority: SpecObject {
        /// The class, such as `IOPRIO_CLASS_BE`.
        public var ioClass: String?
        /// The priority within the class, 0 (highest) to 7.
        public var priority: Int32?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Linux Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("class", \.ioClass, .oneOf(IOPriority.classes).requiring()),
            SpecField("priority", \.priority),
        ]
    }
}

extension RuntimeSpec {
    /// The CPUs of a process that is executed in a running container.
    ///
    /// Source: config.md, Linux Process.
    public struct ExecCPUAffinity: SpecObject {
        /// While it is set up, as a list such as `0-3,7`.
        public var initial: String?
        /// Once it runs, as a list such as `0-3,7`.
        public var final: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, Linux Process"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("initial", \.initial),
            SpecField("final", \.final),
        ]
    }
}
