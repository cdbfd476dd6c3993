internal import FoundationEssentials
internal import LinuxSystem
internal import Synchronization

/// One end of a migration's byte stream: sends and receives frames, counts what crosses, keeps to a bandwidth.
///
/// Calls block; each direction is used by one thread at a time.
final class Link: Sendable {
    private let input: Descriptor
    private let output: Descriptor
    private let bandwidth: Mutex<Bandwidth>
    private let sentBytes = Atomic<Int>(0)
    private let patience: Duration?

    /// - Parameters:
    ///   - rate: limits what this end sends.
    ///   - patience: how long the other end may keep silent, or not take what is sent, before it counts as gone; nil
    ///     waits for ever. For sending, `output` has to be a socket.
    init(input: Descriptor, output: Descriptor, rate: Rate? = nil, patience: Duration? = nil) {
        self.input = input
        self.output = output
        self.patience = patience
        bandwidth = Mutex(Bandwidth(rate))
        if let patience { output.limitSending(to: patience) }
    }

    /// Bytes that this end has sent, headers included.
    var sent: Int { sentBytes.load(ordering: .relaxed) }

    /// Wakes threads that are blocked on this link, with an error.
    func shutDown() {
        input.shutDown()
        output.shutDown()
    }

    // MARK: Sending

    func send(_ kind: Frame.Kind, _ message: some Encodable) throws {
        try send(kind, head: [UInt8](JSONEncoder().encode(message)))
    }

    /// Sends a frame whose payload is `head` and then `body`, without copying `body`.
    func send(_ kind: Frame.Kind, head: [UInt8], body: UnsafeRawBufferPointer? = nil) throws {
        let length = head.count + (body?.count ?? 0)
        precondition(length <= Frame.payloadLimit, "a frame of \(length) bytes would be refused at the other end")
        var start: [UInt8] = []
        start.reserveCapacity(Frame.headerSize + head.count)
        ImageFile.append(UInt32(length), to: &start)
        start += [kind.rawValue, 0, 0, 0]
        start += head
        bandwidth.withLock { $0.spend(start.count + (body?.count ?? 0)) }
        do {
            try output.write(all: start)
            if let body { try output.write(all: body) }
        } catch {
            throw MigrateError(
                .disconnected, "the connection to the other end of the migration is lost", cause: error)
        }
        sentBytes.add(start.count + (body?.count ?? 0), ordering: .relaxed)
    }

    // MARK: Receiving

    /// The next frame, or nil where the other end has closed the stream between two frames.
    /// - Throws: `.disconnected` where the connection is lost, or silent for too long.
    func receive() throws -> Frame? {
        do {
            return try receiveFrame()
        } catch let error as SystemError {
            throw MigrateError(
                .disconnected, "the connection to the other end of the migration is lost", cause: error)
        }
    }

    private func receiveFrame() throws -> Frame? {
        if let patience, try Descriptor.waitForInput(of: [input], timeout: patience) == nil {
            throw MigrateError(
                .disconnected, "the other end of the migration has not answered for \(patience) (--timeout)")
        }
        var header = [UInt8](repeating: 0, count: Frame.headerSize)
        let count = try header.withUnsafeMutableBytes { try input.readFully(into: $0) }
        if count == 0 { return nil }
        let length = header[0..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count == Frame.headerSize, let kind = Frame.Kind(rawValue: header[4]),
            header[5...].allSatisfy({ $0 == 0 }),
            length <= Frame.payloadLimit
        else { throw MigrateError(.malformed, "the other end of the migration sent something that is no message") }
        let payload = try [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
            initialized = try input.readFully(
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<length]))
        }
        guard payload.count == length else {
            throw MigrateError(.disconnected, "the connection to the other end of the migration broke off")
        }
        return Frame(kind: kind, payload: payload)
    }

    /// The next frame, which has to be of `kind`.
    /// - Parameter checking: called where the other end says first that it is still looking; nil where it may not.
    func expect<Message: Decodable>(
        _ kind: Frame.Kind, as type: Message.Type = Message.self, checking: (() throws -> Void)? = nil
    ) throws -> Message {
        var next = try receive()
        while let checking, next?.kind == .checking {
            try checking()
            next = try receive()
        }
        guard let frame = next else {
            throw MigrateError(.disconnected, "the other end of the migration has gone")
        }
        if frame.kind == .failure {
            throw try frame.message(as: FailureMessage.self).error
        }
        guard frame.kind == kind else {
            throw MigrateError(.malformed, "the other end of the migration sent \(frame.kind) instead of \(kind)")
        }
        return try frame.message()
    }

    /// Does `body`. Where the link breaks meanwhile, the other end's own reason is thrown if it has left one.
    func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as MigrateError where error.code == .disconnected {
            // Nothing more is to come; what has come can still be read.
            shutDown()
            var last = try? receive()
            while last?.kind == .checking { last = try? receive() }
            if let last, last.kind == .failure, let message = try? last.message(as: FailureMessage.self) {
                throw message.error
            }
            throw error
        }
    }
}

extension Frame {
    /// The payload of a JSON frame.
    func message<Message: Decodable>(as type: Message.Type = Message.self) throws(MigrateError) -> Message {
        do {
            return try JSONDecoder().decode(Message.self, from: Data(payload))
        } catch {
            throw MigrateError(
                .malformed, "the other end of the migration sent a malformed \(kind) message", cause: error)
        }
    }
}
