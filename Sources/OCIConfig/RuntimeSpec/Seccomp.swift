extension RuntimeSpec {
    /// Which system calls are allowed.
    ///
    /// Source: config-linux.md, Seccomp.
    public struct Seccomp: SpecObject {
        /// For every call that no rule matches.
        public var defaultAction: String?
        /// The error number that the default action returns.
        public var defaultErrnoRet: UInt32?
        /// The architectures besides the native one.
        public var architectures: [String]?
        /// Flags of seccomp(2).
        public var flags: [String]?
        /// The socket that gets the descriptor for `SCMP_ACT_NOTIFY`.
        public var listenerPath: String?
        /// What the listener is told besides.
        public var listenerMetadata: String?
        /// The rules.
        public var syscalls: [Syscall]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Seccomp"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("defaultAction", \.defaultAction, .oneOf(Seccomp.actions).requiring()),
            SpecField("defaultErrnoRet", \.defaultErrnoRet),
            SpecField("architectures", \.architectures, .oneOf(Seccomp.knownArchitectures)),
            SpecField("flags", \.flags, .oneOf(Seccomp.knownFlags)),
            SpecField("listenerPath", \.listenerPath),
            SpecField("listenerMetadata", \.listenerMetadata),
            SpecField("syscalls", \.syscalls),
        ]
    }
}

extension RuntimeSpec {
    /// A rule about system calls.
    ///
    /// Source: config-linux.md, Seccomp.
    public struct Syscall: SpecObject {
        /// The calls; at least one.
        public var names: [String]?
        /// What happens.
        public var action: String?
        /// The error number that the action returns.
        public var errnoRet: UInt32?
        /// What their arguments must be for the rule to match.
        public var args: [SyscallArgument]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Seccomp"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("names", \.names, .required),
            SpecField("action", \.action, .oneOf(Seccomp.actions).requiring()),
            SpecField("errnoRet", \.errnoRet),
            SpecField("args", \.args),
        ]
    }
}

extension RuntimeSpec {
    /// A condition on an argument of a system call.
    ///
    /// Source: config-linux.md, Seccomp.
    public struct SyscallArgument: SpecObject {
        /// Which argument, from 0.
        public var index: UInt32?
        /// What it is compared with; for `SCMP_CMP_MASKED_EQ` the mask.
        public var value: UInt64?
        /// For `SCMP_CMP_MASKED_EQ`, what the masked argument is compared with.
        public var valueTwo: UInt64?
        /// The comparison.
        public var op: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config-linux.md, Seccomp"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("index", \.index, .required),
            SpecField("value", \.value, .required),
            SpecField("valueTwo", \.valueTwo),
            SpecField("op", \.op, .oneOf(Seccomp.operators).requiring()),
        ]
    }
}
