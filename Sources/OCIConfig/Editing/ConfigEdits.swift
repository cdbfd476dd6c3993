/// Changes of a configuration in the order in which they are made: what command line flags and recipes come to.
public struct ConfigEdits: Sendable, Hashable {
    /// From the first to the last.
    public var edits: [ConfigEdit]
    /// Lets keys and values pass that the specification does not have.
    public var force = false

    /// - Parameter edits: from the first to the last.
    public init(_ edits: [ConfigEdit] = []) {
        self.edits = edits
    }

    /// Makes the changes; on an error `spec` stays as it was.
    /// - Parameter users: the container's users and groups, for `user` edits with names.
    /// - Throws: ``ConfigError`` for a misspelt key (with what was meant), a wrong type, or an unknown user.
    public func apply(to spec: inout RuntimeSpec, users: ContainerUsers = ContainerUsers()) throws(ConfigError) {
        if edits.isEmpty { return }
        var document = spec.json
        try apply(to: &document, users: users)
        spec = try JSONCoding.decode(RuntimeSpec.self, from: document)
    }

    /// Makes the changes in a document that need not fit the specification, so that it can be repaired.
    /// - Parameter users: the container's users and groups, for `user` edits with names.
    /// - Throws: ``ConfigError`` for a misspelt key (with what was meant), a wrong type, or an unknown user.
    public func apply(to document: inout JSONValue, users: ContainerUsers = ContainerUsers()) throws(ConfigError) {
        var editor = DocumentEditor(document: document, users: users, force: force)
        for edit in edits { try editor.apply(edit) }
        document = editor.document
    }

    /// Whether a `user` edit has a name, so that the container's files are needed.
    public var needsUsers: Bool {
        edits.contains { edit in
            if case .user(let user) = edit { !ContainerUsers.isNumeric(user) } else { false }
        }
    }
}
