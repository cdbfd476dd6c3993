internal import Bundles
internal import Glibc
package import LinuxSystem

/// The receiver as a process of its own: one connection on two descriptors, one migration or one question.
package struct ReceivingEnd: Sendable {
    private let runtime: @Sendable () throws -> ContainerRuntime
    private let criu: @Sendable () async throws -> CRIUInstallation
    private let timeout: Duration
    private let pageServer: String?
    private let path: @Sendable (String) throws -> String
    private let lock: @Sendable (String) throws -> any Sendable

    /// - Parameters:
    ///   - runtime: finds the runtime, and `criu` CRIU; what they throw is told to the source, with all else that is wrong.
    ///   - timeout: how long the restore may take, the source's decision included.
    ///   - pageServer: as in `Migrator.Options`.
    ///   - path: the canonical path of the bundle that a source's word names.
    ///   - lock: keeps others away from the bundle at a path, as long as its result lives.
    package init(
        runtime: @escaping @Sendable () throws -> ContainerRuntime,
        criu: @escaping @Sendable () async throws -> CRIUInstallation, timeout: Duration, pageServer: String?,
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
            if hello.asks {
                try await answer(hello, migration, beside: try path(word), link)
            } else if let place = try await look(hello, at: word, link) {
                defer { withExtendedLifetime(place) {} }
                try await receive(hello, migration, into: place, link)
            }
        }
    }

    /// Where a container can be received, and what keeps others away from there.
    private struct Place: Sendable {
        let bundle: String
        let lock: any Sendable
        let runtime: ContainerRuntime
        let criu: CRIUInstallation
    }

    /// Looks whether the container can be restored in the bundle that `word` names. The answer goes to the source here,
    /// unless it comes with the first step of the migration.
    /// - Returns: nil where nothing is to follow.
    private func look(_ hello: HelloMessage, at word: String, _ link: Link) async throws -> Place? {
        let checks = try await onThread("receiver") { try HandoverChecks(from: link) }
        var found = Findings()
        let bundle = await found.noting { try self.path(word) }
        let lock = if let bundle { await found.noting { try self.lock(bundle) } } else { nil as (any Sendable)? }
        let runtime = await found.noting { try self.runtime() }
        let criu = await found.noting { try await self.criu() }
        found.problems += try await checks.problems(id: hello.container, bundle: bundle, runtime, criu)
        var rootfs: Descriptor?
        if let bundle {
            if let spec = await found.noting({ try OCIBundle(at: bundle).spec() }) {
                found.problems += checks.problems(of: spec, at: bundle)
                rootfs = await found.noting { try OCIBundle(at: bundle).openRootfs() }
            }
        }
        found.problems += try await onThread("receiver") { [rootfs] in
            try checks.fileProblems(rootfs, at: bundle ?? word)
        }
        if found.problems.isEmpty, hello.looks != true, let bundle, let lock, let runtime, let criu {
            return Place(bundle: bundle, lock: lock, runtime: runtime, criu: criu)
        }
        let answer = WelcomeMessage(bundle: bundle ?? word, problems: Preflight.bounded(found.problems))
        try await onThread("receiver") { try link.send(.welcome, answer) }
        return nil
    }

    private func receive(_ hello: HelloMessage, _ migration: String, into place: Place, _ link: Link) async throws {
        let folder = try MigrationWorkFolder(migration: migration, beside: place.bundle, criu: place.criu)
        do {
            let target = HoldingTarget(
                bundle: place.bundle, runtime: try await place.runtime.prepared(criuFolder: folder.criuFolder),
                folder: folder, timeout: timeout, pageServer: pageServer)
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
        let runtime = try self.runtime()
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

/// Collects what is wrong, where looking for it goes on.
private struct Findings {
    var problems: [String] = []

    /// What `body` finds, or nil where it does not: then what it throws is a problem.
    mutating func noting<Value>(_ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            problems.append("\(error)")
            return nil
        }
    }
}
