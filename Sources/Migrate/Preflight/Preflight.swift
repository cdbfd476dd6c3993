internal import Bundles
internal import LinuxSystem

/// Looks for everything that would make a migration fail, before anything is disturbed.
struct Preflight: Sendable {
    let container: Container
    let source: OCIBundle
    let destination: OCIBundle
    let criu: CRIUInstallation
    /// Whether the destination's rootfs will be made the same; where not, it has to fit as it is.
    let syncsRootfs: Bool

    /// - Throws: `.wrongState` with all that is wrong, each with what to do about it.
    func check() async throws {
        let tree = try ContainerProcess.tree(below: container.pid)
        async let machine = try MachineChecks(
            criu: criu, hasConnections: NetworkLock.hasConnections(container.pid)
        ).problems()
        async let others = try onThread("preflight") { [self] in
            try ProcessChecks(root: container.pid, tree: tree).problems() + DescriptorChecks(tree: tree).problems()
                + BundleChecks(
                    source: source, destination: destination, tree: tree, comparesFiles: !syncsRootfs
                ).problems()
        }
        let problems = try await machine + others
        if problems.isEmpty { return }
        throw MigrateError(.wrongState, Self.message(container.id, problems))
    }

    /// - Throws: `.wrongState` with all that either end of a hand-over has found.
    static func check(_ id: String, here: [String], there: [String]) throws {
        let problems = here.map { "here: \($0)" } + bounded(there).map { "at the receiver: \($0)" }
        if problems.isEmpty { return }
        throw MigrateError(.wrongState, message(id, problems))
    }

    /// What crosses between two ends that do not trust each other, either way: not for ever, and printable.
    static func bounded(_ problems: [String]) -> [String] {
        let most = 50
        let more = problems.count > most ? ["and \(problems.count - most) more"] : []
        return problems.prefix(most).map { $0.printable(limit: 1024) } + more
    }

    /// One line, also for several problems; they are numbered then.
    static func message(_ id: String, _ problems: [String]) -> String {
        let head = "container \(id) cannot be moved, and runs on: "
        if problems.count == 1 { return head + problems[0] }
        return head + problems.enumerated().map { "(\($0.offset + 1)) \($0.element)" }.joined(separator: "; ")
    }

    /// Names a process for a person: `process 17 (nginx)`.
    static func name(_ process: ContainerProcess) -> String {
        let command = (Files.text(of: "/proc/\(process.pid)/comm") ?? "").filter { $0 != "\n" }
        return "process \(process.innerPID) (\(command))"
    }
}
