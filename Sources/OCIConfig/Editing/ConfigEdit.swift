/// One change of a configuration. All of them are checked against the specification.
public enum ConfigEdit: Sendable, Hashable {
    /// Sets what stands at a path.
    case set(ConfigPath, JSONValue)
    /// Sets what stands at a path to what a text means there: a string where the specification has a string, else JSON.
    case setText(ConfigPath, String)
    /// Removes what stands at a path, if anything does.
    case unset(ConfigPath)
    /// Adds an element to the end of an array.
    case append(ConfigPath, JSONValue)
    /// Adds an element given as text to the end of an array.
    case appendText(ConfigPath, String)
    /// Replaces the element whose members `keys` are equal, else adds it; without keys the whole element is compared.
    case put(ConfigPath, JSONValue, keys: [String])
    /// Removes the elements that equal a value, or have all of an object's members.
    case remove(ConfigPath, JSONValue)
    /// Sets a member of the element that has all of an object's members, adding the element if there is none.
    case setInElement(ConfigPath, where: JSONValue, member: String, JSONValue)
    /// Removes a member of the element that has all of an object's members, and the element if nothing else is left.
    case unsetInElement(ConfigPath, where: JSONValue, member: String)
    /// Adds to a list that is a member of the element that has all of an object's members.
    case appendToElement(ConfigPath, where: JSONValue, member: String, JSONValue)
    /// Sets an environment variable of the process, or with nil removes it.
    case environment(name: String, value: String?)
    /// Runs the process as `user`, `uid`, `user:group` and so on; names are looked up in the container's files.
    case user(String)
    /// Makes, joins or leaves out a namespace.
    case namespace(String, NamespaceSource)
    /// Makes a namespace unless the container has one of the type, new or joined.
    case ensureNamespace(String)
    /// Adds capabilities to sets of the process; no set means bounding, effective and permitted.
    case addCapabilities([String], sets: [String])
    /// Removes capabilities from sets of the process; no set means all five.
    case dropCapabilities([String], sets: [String])
    /// Changes the seccomp profile.
    case seccomp(SeccompEdit)
}

/// One change of a seccomp profile.
public enum SeccompEdit: Sendable, Hashable {
    /// Sets what happens to calls without a rule; rules that say the same are dropped unless they are kept.
    case defaultAction(String, keepingRules: Bool)
    /// Adds a rule. One without arguments replaces every other rule about its calls.
    case rule(RuntimeSpec.Syscall)
    /// Removes every rule about a call.
    case remove(String)
}

/// Where a container's namespace comes from.
public enum NamespaceSource: Sendable, Hashable {
    /// A new one.
    case new
    /// The runtime's own, that is the host's.
    case host
    /// An existing one, by its file.
    case path(String)

    /// `new`, `host`, or an absolute path.
    /// - Throws: ``ConfigError`` for anything else.
    public init(_ text: String) throws(ConfigError) {
        switch text {
        case "new", "": self = .new
        case "host": self = .host
        case _ where text.hasPrefix("/"): self = .path(text)
        default:
            throw ConfigError(.malformed, "'\(text)' is no namespace; use 'new', 'host' or the absolute path of one")
        }
    }
}
