internal import OCIConfig

/// What a restore takes from a container's configuration: the two ends of a migration compare theirs.
struct ConfigNeeds: Codable, Sendable, Equatable {
    struct Mount: Codable, Sendable, Equatable {
        var destination: String
        var type: String?
        var isBind: Bool
    }

    struct Namespace: Codable, Sendable, Equatable {
        var type: String
        /// Nil is a new one.
        var path: String?
    }

    var terminal: Bool
    var mounts: [Mount]
    var namespaces: [Namespace]

    init(_ spec: RuntimeSpec) {
        terminal = spec.process?.terminal == true
        mounts = (spec.mounts ?? []).map {
            Mount(destination: $0.destination ?? "", type: $0.type, isBind: $0.isBind)
        }
        namespaces = (spec.linux?.namespaces ?? []).compactMap { namespace in
            namespace.type.map { Namespace(type: $0, path: namespace.path) }
        }
    }

    /// What about `other`, the configuration of the bundle at `path`, a container with this one cannot be restored with.
    /// - Parameter onOneMachine: whether a namespace's path means the same for both.
    func problems(with other: ConfigNeeds, at path: String, onOneMachine: Bool) -> [String] {
        var found: [String] = []
        if terminal || other.terminal {
            found.append(
                "its configuration wants a terminal, which is not carried: 'bundletool config edit BUNDLE "
                    + "--no-terminal', and start the container anew")
        }
        let theirs = Set(other.mounts.map { [$0.destination, $0.type] })
        for mount in mounts where !theirs.contains([mount.destination, mount.type]) {
            found.append("\(path)/config.json lacks the mount \(mount.destination) (\(mount.type ?? "bind")): add it")
        }
        let mine = Set(mounts.map(\.destination))
        for mount in other.mounts where mount.isBind && !mine.contains(mount.destination) {
            found.append("\(path)/config.json binds \(mount.destination) in addition: remove that mount")
        }
        let kinds = Set((namespaces + other.namespaces).map(\.type)).sorted()
        for kind in kinds {
            let (one, two) = (describe(kind, onOneMachine), other.describe(kind, onOneMachine))
            if one == two { continue }
            found.append(
                "\(path)/config.json has another \(kind) namespace (\(two), the container: \(one)): make them the same")
        }
        return found
    }

    private func describe(_ kind: String, _ onOneMachine: Bool) -> String {
        guard let namespace = namespaces.first(where: { $0.type == kind }) else { return "the host's" }
        return namespace.path.map { onOneMachine ? $0 : "one that is named by its path" } ?? "a new one"
    }
}

extension RuntimeSpec.Mount {
    var isBind: Bool { type == "bind" || options?.contains { $0 == "bind" || $0 == "rbind" } == true }
}
