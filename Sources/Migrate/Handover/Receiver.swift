internal import Glibc
internal import LinuxSystem

/// The receiving end of a migration: stores what arrives, checks it, starts the container when told to.
struct Receiver: Sendable {
    let link: Link
    /// An existing, empty folder for the images.
    let storeFolder: String
    /// Where the container is started.
    let target: any RestoreTarget

    /// Serves one migration to its end. A failure is told to the other end, and thrown.
    func run() async throws {
        try await Self.telling(link) {
            try await serve(try await onThread("receiver") { try HelloMessage.received(over: link) })
        }
    }

    /// Goes on after the greeting.
    func serve(_ hello: HelloMessage) async throws {
        let order = try await onThread("receiver") {
            try link.send(.welcome, WelcomeMessage(bundle: target.bundle))
            return try receive(hello)
        }
        switch order {
        case .giveUp: return
        case .restore(let images):
            try await target.restore(id: hello.container, images: images)
            try await onThread("receiver") { try link.send(.answer, AnswerMessage()) }
        case .prepare(let images):
            try await handOver(
                try await target.prepare(id: hello.container, images: images, as: hello.restoreOptions))
        }
    }

    /// From `prepare` to the end: the container is restored, and the source decides whether it may run.
    private func handOver(_ container: any PreparedContainer) async throws {
        do {
            try await onThread("receiver") {
                try link.send(.answer, AnswerMessage())
                let _: RestoreMessage = try link.expect(.go)
            }
            try container.accept()
        } catch {
            await container.abandon()
            throw error
        }
        try await container.run()
        // The container runs, whether the source hears of it or not. Where it does not, it asks.
        let done: RestoreMessage? = try? await onThread("receiver") {
            try link.send(.answer, AnswerMessage())
            return try link.expect(.done)
        }
        guard done != nil else { return }
        let fill = try await container.filled()
        try? await onThread("receiver") { try link.send(.filled, FilledMessage(fill: fill)) }
        container.forget()
    }

    /// Runs `body`; its failure is also told to the other end: it means that no container has started here.
    static func telling(_ link: Link, _ body: @Sendable () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as MigrateError where error.code == .uncertain {
            // Silence makes the other end ask.
            link.shutDown()
            throw error
        } catch {
            try? await onThread("receiver") { try link.send(.failure, FailureMessage(text: "\(error)")) }
            link.shutDown()
            throw error
        }
    }

    private enum Order {
        case giveUp
        case restore(images: String)
        case prepare(images: String)
    }

    /// Takes everything up to the order to start the container.
    private func receive(_ hello: HelloMessage) throws -> Order {
        let store = CheckpointStore(root: storeFolder, hasher: PageHasher(seed: hello.hashSeed))
        let expander = PageExpander()
        var file: (output: Descriptor, name: String, missing: Int)?
        var files = 0
        var isComplete = false
        while let frame = try link.receive() {
            if let open = file, open.missing > 0, frame.kind != .data {
                throw MigrateError(.malformed, "the image \(open.name) is not complete")
            }
            // Nothing is started of which a part is missing, and nothing changes what was found to be complete.
            guard isComplete == [.restore, .prepare].contains(frame.kind) || frame.kind == .failure else {
                throw MigrateError(.malformed, "the source sent \(frame.kind) out of turn")
            }
            switch frame.kind {
            case .pageSetBegin: try store.beginSet(try frame.message(as: PageSetBeginMessage.self).number)
            case .memory: try store.begin(try frame.memory())
            case .pages: try frame.withPages { try store.add($0, $1) }
            case .packed: try frame.withPackedPages(expander) { try store.add($0, $1, packed: true) }
            case .unchanged:
                let (address, count) = try frame.run()
                try store.addUnchanged(address, count)
            case .zeros:
                let (address, count) = try frame.run()
                try store.addZeros(address, count)
            case .copies:
                let (address, numbers) = try frame.copies()
                try store.addCopies(address, numbers)
            case .pageSetEnd:
                try store.endSet(try frame.message())
                try link.send(.answer, AnswerMessage())
            case .file:
                let message: FileMessage = try frame.message()
                guard message.size >= 0 else { throw MigrateError(.malformed, "an image has a negative size") }
                file = (try store.createFile(message.name), message.name, message.size)
                files += 1
            case .data:
                guard var open = file, frame.payload.count <= open.missing, !frame.payload.isEmpty else {
                    throw MigrateError(.malformed, "more data than the image has")
                }
                try open.output.write(all: frame.payload)
                open.missing -= frame.payload.count
                file = open
            case .imagesEnd:
                guard try frame.message(as: ImagesEndMessage.self).count == files, files > 0 else {
                    throw MigrateError(.malformed, "an image is missing")
                }
                isComplete = true
                try link.send(.answer, AnswerMessage())
            case .restore: return .restore(images: store.folder)
            case .prepare: return .prepare(images: store.folder)
            case .failure: return .giveUp
            case .hello, .needs, .usedFiles, .checking, .answer, .welcome, .go, .owner, .done, .filled:
                throw MigrateError(.malformed, "the source sent \(frame.kind) out of turn")
            }
        }
        throw MigrateError(.disconnected, "the source went away")
    }
}

extension HelloMessage {
    fileprivate var restoreOptions: LazyRestore.Options {
        LazyRestore.Options(
            choice: restore ?? .auto, rate: fillRate.flatMap { $0 >= 1 ? Rate(bytesPerSecond: $0) : nil })
    }

    /// The greeting that a migration begins with.
    static func received(over link: Link) throws -> HelloMessage {
        let hello = try link.expect(.hello, as: HelloMessage.self)
        guard hello.version == ProtocolVersion.current else {
            throw MigrateError(
                .malformed,
                "the source speaks version \(hello.version) of the migration protocol, the receiver version "
                    + "\(ProtocolVersion.current): use the same bundletool at both ends")
        }
        guard hello.hashSeed.count >= PageHasher.seedSize, hello.hashSeed.count <= 1024 else {
            throw MigrateError(.malformed, "the source's greeting has no proper hash key")
        }
        return hello
    }
}

extension Frame {
    fileprivate func memory() throws(MigrateError) -> MemoryID {
        guard payload.count == 9, let kind = MemoryID.Kind(rawValue: payload[8]) else { throw malformed }
        return MemoryID(kind: kind, number: word(at: 0))
    }

    fileprivate func withPackedPages(
        _ expander: PageExpander, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard payload.count > 16, (1...UInt64(Page.batch)).contains(word(at: 8)) else { throw malformed }
        let (address, pages) = (word(at: 0), Int(word(at: 8)))
        try payload.withUnsafeBytes {
            guard let bytes = expander.expand(UnsafeRawBufferPointer(rebasing: $0[16...]), pages: pages) else {
                throw malformed
            }
            try body(address, bytes)
        }
    }

    /// Pages in a row.
    fileprivate func run() throws(MigrateError) -> (address: UInt64, pages: UInt64) {
        guard payload.count == 16 else { throw malformed }
        return (word(at: 0), word(at: 8))
    }

    fileprivate func copies() throws(MigrateError) -> (address: UInt64, numbers: [UInt64]) {
        guard payload.count > 8, payload.count % 8 == 0, payload.count / 8 - 1 <= Frame.copyLimit else {
            throw malformed
        }
        return (word(at: 0), stride(from: 8, to: payload.count, by: 8).map { word(at: $0) })
    }

    fileprivate func withPages(_ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws {
        guard payload.count > 8, (payload.count - 8) % Page.size == 0 else { throw malformed }
        try payload.withUnsafeBytes { try body(word(at: 0), UnsafeRawBufferPointer(rebasing: $0[8...])) }
    }

    private func word(at offset: Int) -> UInt64 {
        payload[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private var malformed: MigrateError {
        MigrateError(.malformed, "the other end of the migration sent a malformed \(kind) message")
    }
}
