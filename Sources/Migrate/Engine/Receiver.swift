internal import Glibc
internal import LinuxSystem

/// The receiving end of a migration: stores what arrives, checks it, starts the container when told to.
struct Receiver: Sendable {
    let link: Link
    /// An existing, empty folder for the images.
    let storeFolder: String
    /// Restores the container with this id from this image folder.
    let restore: @Sendable (_ id: String, _ images: String) async throws -> Void

    /// Serves one migration to its end. A failure is told to the other end, and thrown.
    func run() async throws {
        do {
            guard let (id, images) = try await onThread("receiver", { try self.receive() }) else { return }
            try await restore(id, images)
            try await onThread("receiver") { try link.send(.answer, AnswerMessage()) }
        } catch {
            try? await onThread("receiver") { try link.send(.failure, FailureMessage(text: "\(error)")) }
            link.shutDown()
            throw error
        }
    }

    /// Takes everything up to the order to restore; nil where the source gives up before.
    private func receive() throws -> (id: String, images: String)? {
        let hello = try link.expect(.hello, as: HelloMessage.self)
        guard hello.version == ProtocolVersion.current, hello.hashSeed.count >= PageHasher.seedSize else {
            throw MigrateError(
                .malformed, "the source speaks protocol version \(hello.version), not \(ProtocolVersion.current)")
        }
        let store = CheckpointStore(root: storeFolder, hasher: PageHasher(seed: hello.hashSeed))
        var file: (output: Descriptor, name: String, missing: Int)?
        var files = 0
        while let frame = try link.receive() {
            if let open = file, open.missing > 0, frame.kind != .data {
                throw MigrateError(.malformed, "the image \(open.name) is not complete")
            }
            switch frame.kind {
            case .pageSetBegin: try store.beginSet(try frame.message(as: PageSetBeginMessage.self).number)
            case .memory: try store.begin(try frame.memory())
            case .pages: try frame.withPages { try store.add($0, $1) }
            case .unchanged:
                let (address, count) = try frame.unchangedRange()
                try store.addUnchanged(address, count)
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
                guard try frame.message(as: ImagesEndMessage.self).count == files else {
                    throw MigrateError(.malformed, "an image is missing")
                }
                try link.send(.answer, AnswerMessage())
            case .restore: return (hello.container, store.folder)
            case .failure: return nil
            case .hello, .answer: throw MigrateError(.malformed, "the source sent \(frame.kind) out of turn")
            }
        }
        throw MigrateError(.malformed, "the source went away")
    }
}

extension Frame {
    fileprivate func memory() throws(MigrateError) -> MemoryID {
        guard payload.count == 9, let kind = MemoryID.Kind(rawValue: payload[8]) else { throw malformed }
        return MemoryID(kind: kind, number: word(at: 0))
    }

    fileprivate func unchangedRange() throws(MigrateError) -> (address: UInt64, pages: UInt64) {
        guard payload.count == 16 else { throw malformed }
        return (word(at: 0), word(at: 8))
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
