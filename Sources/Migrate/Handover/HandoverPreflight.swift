internal import Bundles
internal import Glibc
internal import LinuxSystem

/// The source's part of the look at a hand-over, before anything is disturbed: what is wrong here, and what the receiver
/// has to know to find what is wrong there.
struct HandoverPreflight: Sendable {
    let container: String
    let problems: [String]
    let needs: NeedsMessage
    let files: [UsedFile]

    /// - Parameters:
    ///   - comparesProcessors: whether the container needs what this machine's processor can.
    ///   - isCancelled: asked between pieces of files.
    init(
        of container: Container, _ runtime: ContainerRuntime, _ criu: CRIUInstallation, comparesProcessors: Bool,
        isCancelled: @escaping @Sendable () -> Bool
    ) async throws {
        let tree = try ContainerProcess.tree(below: container.pid)
        let hasConnections = NetworkLock.hasConnections(container.pid)
        let machine =
            try await MachineChecks(criu: criu, hasConnections: hasConnections).problems()
            + HandoverChecks.problems(of: runtime)
        let found = try await onThread("preflight") {
            try ProcessChecks(root: container.pid, tree: tree).problems() + DescriptorChecks(tree: tree).problems()
        }
        let bundle = try OCIBundle(at: container.bundle)
        let seed = PageHasher.randomSeed()
        self.container = container.id
        // Without one, both copies would run where CRIU is killed in the moment of the hand-over.
        let canBeKept = ContainerFreezer(pid: container.pid) != nil
        problems =
            machine + found
            + (canBeKept ? [] : ["the container is in no cgroup of its own that can be kept frozen for the receiver"])
        needs = NeedsMessage(
            memory: LiveMemory(processes: tree).pages() * Page.size, hasConnections: hasConnections,
            criu: criu.version, processor: comparesProcessors ? .here() : nil, config: ConfigNeeds(try bundle.spec()),
            digestSeed: seed)
        try needs.check()
        files = try await onThread("preflight") {
            try Self.files(of: tree, in: bundle.openRootfs(), FileDigest(seed: seed), isCancelled)
        }
    }

    private static func files(
        of tree: [ContainerProcess], in rootfs: Descriptor, _ digest: FileDigest, _ isCancelled: () -> Bool
    ) throws -> [UsedFile] {
        let used = UsedFiles(tree: tree, device: try rootfs.status().st_dev).files(in: rootfs)
        // CRIU looks at the others in the restore.
        return try used.prefix(HandoverLimits.files).map { file in
            guard file.isMapped, let size = file.size else { return file }
            var file = file
            file.digest = try (try? RootfsPath.open(file.path, in: rootfs).forReading()).flatMap {
                try digest.text(of: $0, size: size) {
                    if isCancelled() {
                        throw MigrateError(.cancelled, "interrupted; the container runs on where it was")
                    }
                }
            }
            return file
        }
    }

    /// Greets the receiver, and waits until it has looked.
    /// - Throws: `.wrongState` with all that is wrong, here and there.
    func greet(_ hello: HelloMessage, over link: Link, isCancelled: @escaping () -> Bool) throws -> WelcomeMessage {
        let welcome = try link.explaining {
            try link.send(.hello, hello)
            try link.send(.needs, needs)
            for message in UsedFilesMessage.all(of: files) { try link.send(.usedFiles, message) }
            return try link.expect(.welcome, as: WelcomeMessage.self) {
                if isCancelled() { throw MigrateError(.cancelled, "interrupted; the container runs on where it was") }
            }
        }
        try Preflight.check(container, here: problems, there: welcome.problems)
        return welcome
    }

    /// What there is to say where the receiver could not be asked.
    func error(_ error: MigrateError) -> MigrateError {
        if problems.isEmpty { return error }
        let all = problems.map { "here: \($0)" } + ["at the receiver: \(error)"]
        return MigrateError(.wrongState, Preflight.message(container, all))
    }
}

/// What a receiver takes at the most.
enum HandoverLimits {
    static let files = 1 << 16
    /// The kernel's own limit, PATH_MAX.
    static let path = 4096
    static let list = 4096
    static let word = 4096
}

extension UsedFilesMessage {
    /// All files, in messages that are short enough.
    static func all(of files: [UsedFile]) -> [UsedFilesMessage] {
        var messages = [UsedFilesMessage(files: [], isLast: false)]
        var length = 0
        for file in files {
            // As JSON: a byte of a path takes up to six.
            let size = file.path.utf8.count * 6 + 256
            if length + size > Frame.payloadLimit / 2 {
                messages.append(UsedFilesMessage(files: [], isLast: false))
                length = 0
            }
            messages[messages.count - 1].files.append(file)
            length += size
        }
        messages[messages.count - 1].isLast = true
        return messages
    }
}
