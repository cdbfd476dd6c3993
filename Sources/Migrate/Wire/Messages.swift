/// The JSON messages of the migration protocol. Binary ones are described at `Frame.Kind`.
enum ProtocolVersion {
    static let current = 1
}

struct HelloMessage: Codable, Sendable {
    var version = ProtocolVersion.current
    /// The container's id.
    var container: String
    /// Seed of the page hashes.
    var hashSeed: [UInt8]
}

struct PageSetBeginMessage: Codable, Sendable {
    /// 1 for the first; each page set refers to the one before.
    var number: Int
}

struct PageSetEndMessage: Codable, Sendable, Equatable {
    var pages: Int
    var unchanged: Int
    /// Over all pages, in order.
    var digest: String
}

struct FileMessage: Codable, Sendable {
    var name: String
    var size: Int
}

struct ImagesEndMessage: Codable, Sendable {
    /// How many there were.
    var count: Int
}

struct RestoreMessage: Codable, Sendable {}

struct AnswerMessage: Codable, Sendable {}

struct FailureMessage: Codable, Sendable {
    var text: String

    var error: MigrateError { MigrateError(.toolFailed, text) }
}
