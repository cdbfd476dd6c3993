extension RuntimeSpec {
    /// Commands that run at points of the container's life.
    ///
    /// Source: config.md, POSIX-platform Hooks.
    public struct Hooks: SpecObject {
        /// Deprecated: after the namespaces are made, before the process starts; in the runtime's namespace.
        public var prestart: [Hook]?
        /// While the container is created, before pivot_root; in the runtime's namespace.
        public var createRuntime: [Hook]?
        /// While the container is created, before pivot_root; in the container's namespace.
        public var createContainer: [Hook]?
        /// Just before the process is executed; in the container's namespace.
        public var startContainer: [Hook]?
        /// After the process has started; in the runtime's namespace.
        public var poststart: [Hook]?
        /// After the container is deleted; in the runtime's namespace.
        public var poststop: [Hook]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, POSIX-platform Hooks"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("prestart", \.prestart),
            SpecField("createRuntime", \.createRuntime),
            SpecField("createContainer", \.createContainer),
            SpecField("startContainer", \.startContainer),
            SpecField("poststart", \.poststart),
            SpecField("poststop", \.poststop),
        ]
    }
}

extension RuntimeSpec {
    /// One command of a hook.
    ///
    /// Source: config.md, POSIX-platform Hooks.
    public struct Hook: SpecObject {
        /// The program, absolute.
        public var path: String?
        /// Its arguments, the first being its name.
        public var args: [String]?
        /// Its environment, `NAME=value`.
        public var env: [String]?
        /// After how many seconds it is aborted; more than zero.
        public var timeout: Int64?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "config.md, POSIX-platform Hooks"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("path", \.path, .required),
            SpecField("args", \.args),
            SpecField("env", \.env),
            SpecField("timeout", \.timeout),
        ]
    }
}
