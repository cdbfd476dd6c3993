internal import Bundles
internal import LinuxSystem

/// What would make a move to a receiver of its own fail, as far as each end can see it before anything is disturbed.
enum HandoverChecks {
    /// At the source.
    static func problems(of container: Container, criu: CRIUInstallation) async throws -> [String] {
        let tree = try ContainerProcess.tree(below: container.pid)
        let machine = try await MachineChecks(
            criu: criu, hasConnections: NetworkLock.hasConnections(container.pid)
        ).problems()
        return try await onThread("preflight") {
            machine + ProcessChecks(root: container.pid, tree: tree).problems()
                + DescriptorChecks(tree: tree).problems()
        }
    }

    /// At the receiver, for the bundle at `path`.
    static func problems(
        receiving hello: HelloMessage, into path: String, _ runtime: ContainerRuntime, _ criu: CRIUInstallation
    ) async throws -> [String] {
        var found = try await MachineChecks(criu: criu, hasConnections: hello.hasConnections ?? true).problems()
        for container in try await runtime.containers() {
            if container.id == hello.container {
                found.append(
                    "there is a container \(container.id) already, \(container.status), in \(container.bundle): "
                        + "'bundletool delete \(container.id)' removes it")
            } else if Files.canonicalPath(container.bundle) == path, container.status != "stopped" {
                found.append("bundle \(path) is in use by container \(container.id) (\(container.status))")
            }
        }
        let spec = try OCIBundle(at: path).spec()
        if spec.process?.terminal == true {
            found.append("\(path)/config.json wants a terminal: 'bundletool config edit BUNDLE --no-terminal'")
        }
        return found + BundleChecks.missingSources(spec, path)
            + BundleChecks.spaceProblems(beside: path, needed: hello.memory ?? 0)
    }

    /// - Throws: `.wrongState` with all that either end has found.
    static func check(_ id: String, here: [String], there: [String]) throws {
        // What the other end says is bounded and printable.
        let problems =
            here.map { "here: \($0)" } + there.prefix(50).map { "at the receiver: \($0.printable(limit: 1024))" }
        if problems.isEmpty { return }
        throw MigrateError(.wrongState, Preflight.message(id, problems))
    }
}
