internal import Bundles
internal import Glibc
internal import LinuxSystem
internal import OCIConfig
internal import Synchronization

/// The receiver's part of the look at a hand-over: from what the source says of the container, what would make its
/// restore fail here.
struct HandoverChecks: Sendable {
    let needs: NeedsMessage
    private let link: Link
    private let beat: Heartbeat

    /// Receives what the container needs.
    /// - Parameter interval: how long the source hears nothing, at the most, while there is progress.
    init(from link: Link, interval: Duration = .seconds(1)) throws {
        self.link = link
        needs = try link.expect(.needs)
        try needs.check()
        beat = Heartbeat(link, interval: interval)
    }

    /// What of the machine and the runtime does not fit. The source is told between the steps that this one lives.
    func problems(id: String, bundle: String?, _ runtime: ContainerRuntime?, _ criu: CRIUInstallation?) async throws
        -> [String]
    {
        var found: [String] = []
        if let criu {
            found += try await MachineChecks(criu: criu, hasConnections: needs.hasConnections).problems()
            if let problem = MachineChecks.ageProblem(criu: criu.version, source: needs.criu) { found.append(problem) }
        }
        try beat()
        found += needs.processor?.problems() ?? []
        let memory = MachineChecks.memoryProblem(
            needed: needs.memory, meminfo: Files.text(of: "/proc/meminfo"),
            cache: Files.text(of: "/proc/spl/kstat/zfs/arcstats"))
        if let memory { found.append(memory) }
        if let runtime {
            found += try await Self.problems(of: runtime)
            try beat()
            do {
                found += try await Self.conflicts(of: id, bundle, in: runtime)
            } catch {
                found.append("\(error)")
            }
        }
        try beat()
        return found
    }

    /// Whether the runtime can hold a dump or a restore.
    static func problems(of runtime: ContainerRuntime) async throws -> [String] {
        do {
            if try await runtime.prepared().canHold { return [] }
            return ["\(runtime.name) cannot hold a container for a hand-over: install bash and runc 1.1 or newer"]
        } catch let error as MigrateError where error.code == .toolMissing {
            return ["\(error)"]
        }
    }

    private static func conflicts(
        of id: String, _ bundle: String?, in runtime: ContainerRuntime
    ) async throws -> [String] {
        try await runtime.containers().compactMap { container in
            if container.id == id {
                return "there is a container \(id) already, \(container.status), in \(container.bundle): 'bundletool "
                    + "delete \(id)' removes it"
            }
            guard let bundle, Files.canonicalPath(container.bundle) == bundle, container.status != "stopped" else {
                return nil
            }
            return "the bundle \(bundle) is in use by container \(container.id) (\(container.status)): name another"
        }
    }

    /// What of the bundle's configuration, and of what that names, does not fit.
    func problems(of spec: RuntimeSpec, at path: String) -> [String] {
        needs.config.problems(with: ConfigNeeds(spec), at: path, onOneMachine: false)
            + BundleChecks.missingSources(spec, path) + BundleChecks.spaceProblems(beside: path, needed: needs.memory)
    }

    /// Receives the list of files that the container uses, and compares them with the rootfs; blocks.
    /// - Parameter rootfs: nil where there is none to compare with.
    func fileProblems(_ rootfs: Descriptor?, at path: String) throws -> [String] {
        let digest = FileDigest(seed: needs.digestSeed)
        // A file has one content, whatever names it is given.
        var known: [FileIdentity: (size: Int, digest: String?)] = [:]
        var differences = FileDifferences()
        var count = 0
        while true {
            let message: UsedFilesMessage = try link.expect(.usedFiles)
            count += message.files.count
            guard count <= HandoverLimits.files, message.files.allSatisfy(\.isProper) else {
                throw MigrateError(.malformed, "the source's list of files is too long, or names something else")
            }
            for file in message.files {
                guard let rootfs else { continue }
                let difference = try file.difference(in: rootfs) { there in
                    guard let size = file.size, let status = try? there.status() else { return false }
                    if known[status.identity]?.size != size {
                        known[status.identity] = (
                            size, try digest.text(of: there, size: size, progress: beat.callAsFunction)
                        )
                    }
                    return file.digest != nil && known[status.identity]?.digest == file.digest
                }
                if let difference { differences.add(file.path, difference) }
                try beat()
            }
            if message.isLast { break }
        }
        return differences.problems(
            at: path, remedy: "a hand-over brings no files: make them the same as the container's first")
    }
}

/// Tells the source now and then that the receiver is still at work: it would take a long silence for the end.
private final class Heartbeat: Sendable {
    private let link: Link
    private let last = Mutex(ContinuousClock.now)
    private let interval: Duration

    init(_ link: Link, interval: Duration) {
        self.link = link
        self.interval = interval
    }

    /// - Throws: where the source has gone.
    func callAsFunction() throws {
        let now = ContinuousClock.now
        let isDue = last.withLock { last in
            guard now - last >= interval else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        try link.send(.checking, CheckingMessage())
    }
}

extension NeedsMessage {
    /// - Throws: `.malformed` where there is more than a message can carry.
    func check() throws(MigrateError) {
        let lists = [config.mounts.count, config.namespaces.count, processor?.features.count ?? 0]
        let words =
            [criu, processor?.architecture ?? ""] + (processor?.features ?? [])
            + config.mounts.flatMap { [$0.destination, $0.type ?? ""] }
            + config.namespaces.flatMap { [$0.type, $0.path ?? ""] }
        guard memory >= 0, (PageHasher.seedSize...1024).contains(digestSeed.count),
            lists.allSatisfy({ $0 <= HandoverLimits.list }),
            words.allSatisfy({ $0.utf8.count <= HandoverLimits.word }),
            // As JSON, a byte takes up to six.
            words.reduce(0, { $0 + $1.utf8.count * 6 + 64 }) <= Frame.payloadLimit / 2
        else {
            throw MigrateError(
                .malformed, "the container's configuration is too long for a hand-over: \(config.mounts.count) mounts")
        }
    }
}

extension UsedFile {
    fileprivate var isProper: Bool {
        path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= HandoverLimits.path && !path.utf8.contains(0)
            && (size ?? 0) >= 0 && (digest?.utf8.count ?? 0) <= 64
    }
}
