/// Which container a migration moves, and to which bundle, from what the user named or left out.
package struct MigrationSelection: Sendable, Equatable {
    /// A bundle that can be chosen.
    package struct Bundle: Sendable, Equatable {
        /// Canonical path of its folder.
        package var path: String
        /// Canonical path of the bundle it is a clone of.
        package var origin: String?

        package init(path: String, origin: String? = nil) {
            self.path = path
            self.origin = origin
        }

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    }

    package var container: Container
    /// Canonical path of the bundle to move to.
    package var destination: String

    /// - Parameters:
    ///   - source: the user's word for the source, and the bundle path it would stand for; nil chooses the one
    ///     running container among `bundles`.
    ///   - destination: canonical path of the destination; nil chooses the one free relative of the source.
    ///   - containers: all of the runtime's, with canonical bundle paths.
    ///   - bundles: those of the containers folder.
    /// - Throws: `.wrongState` or `.ambiguous`, with the choices.
    package init(
        source: (word: String, bundle: String?)?, destination: String?, containers: [Container], bundles: [Bundle]
    ) throws(MigrateError) {
        container = try Self.running(source, containers: containers, bundles: bundles)
        if let destination {
            self.destination = destination
        } else {
            self.destination = try Self.relative(of: container, containers, bundles)
        }
        if self.destination == container.bundle {
            throw MigrateError(
                .wrongState,
                "container \(container.id) already runs in \(container.bundle); name another bundle to move to")
        }
        if let other = containers.first(where: { [path = self.destination] in
            $0.bundle == path && $0.status != "stopped"
        }) {
            throw MigrateError(
                .wrongState,
                "bundle \(self.destination) is in use by container \(other.id) (\(other.status)); name a free one, or clone one"
            )
        }
    }

    /// The container to move, chosen as in `init`.
    package static func running(
        _ source: (word: String, bundle: String?)?, containers: [Container], bundles: [Bundle]
    ) throws(MigrateError) -> Container {
        guard let source else {
            let here = containers.filter { container in bundles.contains { $0.path == container.bundle } }
            let running = here.filter(\.isRunning)
            if running.isEmpty, let paused = here.first(where: { $0.status == "paused" }) {
                throw notRunning(paused)
            }
            guard running.count == 1 else {
                throw running.isEmpty
                    ? MigrateError(
                        .wrongState,
                        "no container runs from the containers folder: start one with 'bundletool run BUNDLE'")
                    : MigrateError(.ambiguous, "several containers run, name one: " + list(running.map(\.id)))
            }
            return running[0]
        }
        let here = containers.filter { $0.bundle == source.bundle && $0.isRunning }
        if here.count > 1 {
            throw MigrateError(
                .ambiguous, "several containers run from \(source.word), name one by its id: " + list(here.map(\.id)))
        }
        guard let found = here.first ?? containers.first(where: { $0.id == source.word }) else {
            throw MigrateError(
                .wrongState,
                "no container runs from bundle '\(source.word)' or has that id; 'bundletool list' shows what there is, "
                    + "'bundletool run' starts one")
        }
        guard found.isRunning else { throw notRunning(found) }
        return found
    }

    private static func notRunning(_ container: Container) -> MigrateError {
        MigrateError(
            .wrongState,
            "container \(container.id) is \(container.status), not running; only a running container can be moved")
    }

    private static func relative(
        of container: Container, _ containers: [Container], _ bundles: [Bundle]
    ) throws(MigrateError) -> String {
        let origin = bundles.first { $0.path == container.bundle }?.origin
        let family = bundles.filter { $0.origin == container.bundle || $0.path == origin }
        let free = family.filter { bundle in !containers.contains { $0.bundle == bundle.path && $0.status != "stopped" }
        }
        guard free.count == 1 else {
            let name = Bundle(path: container.bundle).name
            throw free.isEmpty
                ? MigrateError(
                    .wrongState,
                    "bundle \(name) has no free clone to move to: 'bundletool clone \(name) \(name)2' makes one")
                : MigrateError(.ambiguous, "bundle \(name) can move to several, name one: " + list(free.map(\.name)))
        }
        return free[0].path
    }

    private static func list(_ names: [String]) -> String { names.sorted().joined(separator: ", ") }
}
