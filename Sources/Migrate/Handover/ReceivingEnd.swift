internal import Glibc
package import LinuxSystem

/// The receiver as a process of its own: one connection on two descriptors, one migration or one question.
package struct ReceivingEnd: Sendable {
    private let runtime: ContainerRuntime
    private let criu: CRIUInstallation
    private let timeout: Duration
    private let pageServer: String?
    private let path: @Sendable (String) throws -> String
    private let lock: @Sendable (String) throws -> any Sendable

    /// - Parameters:
    ///   - timeout: how long the restore may take, the source's decision included.
    ///   - pageServer: as in `Migrator.Options`.
    ///   - path: the canonical path of the bundle that a source's word names.
    ///   - lock: keeps others away from the bundle at a path, as long as its result lives.
    package init(
        runtime: ContainerRuntime, criu: CRIUInstallation, timeout: Duration, pageServer: String?,
        path: @escaping @Sendable (String) throws -> String,
        lock: @escaping @Sendable (String) throws -> any Sendable
    ) {
        self.runtime = runtime
        self.criu = criu
        self.timeout = timeout
        self.pageServer = pageServer
        self.path = path
        self.lock = lock
    }

    /// Serves the source at the other end of `input` and `output`.
    package func serve(input: Descriptor, output: Descriptor) async throws {
        let link = Link(input: input, output: output)
        try await Receiver.telling(link) {
            let hello = try await onThread("receiver") { try HelloMessage.received(over: link) }
            guard let migration = hello.migration, Self.isName(migration, limit: 64), let word = hello.destination,
                Self.isName(hello.container, limit: 255)
            else { throw MigrateError(.malformed, "the source's greeting names no container, bundle and migration") }
            let bundle = try path(word)
            if hello.asks {
                try await answer(hello, migration, beside: bundle, link)
            } else {
                try await receive(hello, migration, into: bundle, link)
            }
        }
    }

    private func receive(_ hello: HelloMessage, _ migration: String, into bundle: String, _ link: Link) async throws {
        let lock = try lock(bundle)
        defer { withExtendedLifetime(lock) {} }
        let problems = try await HandoverChecks.problems(receiving: hello, into: bundle, runtime, criu)
        guard problems.isEmpty else {
            return try await onThread("receiver") {
                try link.send(.welcome, WelcomeMessage(bundle: bundle, problems: problems))
            }
        }
        let folder = try MigrationWorkFolder(migration: migration, beside: bundle, criu: criu)
        do {
            let target = HoldingTarget(
                bundle: bundle, runtime: try await runtime.prepared(criuFolder: folder.criuFolder), folder: folder,
                timeout: timeout, pageServer: pageServer)
            try await Receiver(link: link, storeFolder: folder.store, target: target).serve(hello)
            // A source that gave up leaves nothing to be asked about.
            if try Ownership.read(in: folder.path) == nil { folder.remove() }
        } catch {
            if let owner = try? Ownership.read(in: folder.path), owner.state != .refused { throw error }
            folder.remove()
            throw error
        }
    }

    /// Says whose the container of an earlier migration is.
    private func answer(
        _ hello: HelloMessage, _ migration: String, beside bundle: String, _ link: Link
    ) async throws {
        let path = MigrationWorkFolder.path(ofMigration: migration, beside: bundle)
        let accepted = try await ReceivedMigration.settle(path) {
            // What runs under this id, or belongs to another bundle, was not started by a migration that is refused.
            let found = try await runtime.container(hello.container)
            guard found.map({ !$0.isRunning && Files.canonicalPath($0.bundle) == bundle }) ?? true else { return }
            try await runtime.clearFailedRestore(of: hello.container, in: bundle)
        }
        let isHeard = try await onThread("receiver") {
            try link.send(.owner, OwnerMessage(accepted: accepted))
            // The source has heard it when it ends the connection in order.
            return try link.receive() == nil
        }
        guard isHeard else { return }
        _ = try await ReceivedMigration.fill(path)
        MigrationWorkFolder.remove(path)
    }

    /// Container ids and migration names become parts of paths and of command lines.
    static func isName(_ text: String, limit: Int) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "."),
            text.utf8.count <= limit
        else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "+"):
                true
            default: false
            }
        }
    }
}
