/// What a runtime's `state` command prints.
///
/// Source: runtime.md, State.
public struct RuntimeState: SpecObject {
    /// The version of the specification that the state complies with.
    public var ociVersion: String?
    /// The container's id.
    public var id: String?
    /// `creating`, `created`, `running`, `stopped`, or the runtime's own.
    public var status: String?
    /// The container's process as the host sees it.
    public var pid: Int64?
    /// The bundle, absolute.
    public var bundle: String?
    /// The container's annotations.
    public var annotations: [String: String]?
    /// Members that the specification does not know, and explicit nulls.
    public var extra: [String: JSONValue] = [:]

    /// An object without members.
    public init() {}

    /// Where the specification describes it.
    public static let section = "runtime.md, State"

    /// Every member that the specification knows.
    public static let fields: [SpecField<Self>] = [
        SpecField("ociVersion", \.ociVersion, .required),
        SpecField("id", \.id, .required),
        SpecField("status", \.status, .oneOf(RuntimeState.statuses).requiring()),
        SpecField("pid", \.pid),
        SpecField("bundle", \.bundle, .required),
        SpecField("annotations", \.annotations),
    ]
}

/// What a seccomp listener is sent.
///
/// Source: config-linux.md, The Container Process State.
public struct ContainerProcessState: SpecObject {
    /// The version of the specification that the state complies with.
    public var ociVersion: String?
    /// The names of the descriptors that come along.
    public var fds: [String]?
    /// The process as the runtime sees it.
    public var pid: Int64?
    /// The `listenerMetadata`.
    public var metadata: String?
    /// The container's state.
    public var state: RuntimeState?
    /// Members that the specification does not know, and explicit nulls.
    public var extra: [String: JSONValue] = [:]

    /// An object without members.
    public init() {}

    /// Where the specification describes it.
    public static let section = "config-linux.md, The Container Process State"

    /// Every member that the specification knows.
    public static let fields: [SpecField<Self>] = [
        SpecField("ociVersion", \.ociVersion, .required),
        SpecField("fds", \.fds),
        SpecField("pid", \.pid, .required),
        SpecField("metadata", \.metadata),
        SpecField("state", \.state, .required),
    ]
}
