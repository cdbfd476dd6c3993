/// The JSON messages of the migration protocol. Binary ones are described at `Frame.Kind`.
///
/// The source begins with `hello`. To a receiver that is a process of its own it says then what the container needs of it
/// (`needs`, `usedFiles`); as long as the receiver looks, it says so now and then (`checking`). It answers with `welcome`,
/// which lists what would make the migration fail there: where there is anything, nothing follows. Then come page sets and
/// images; each set and the end of the images is answered. What follows depends on whether both copies of the container may exist at once:
/// - `restore`: the source has let its container go; the receiver starts it and answers.
/// - `prepare`, `go`: the source holds its container frozen. The receiver restores it and keeps it from running, and
///   answers; with `go` it becomes the receiver's, which lets it run, and answers. After `done` it says when all of its
///   memory is there (`filled`).
///
/// Where the connection is lost after `go`, the source greets again and asks; the receiver's `owner` says, once and for
/// all, whose the container is.
enum ProtocolVersion {
    static let current = 4
}

struct HelloMessage: Codable, Sendable {
    var version = ProtocolVersion.current
    /// The container's id.
    var container: String
    /// Seed of the page hashes.
    var hashSeed: [UInt8]
    /// Names this migration, at both ends; nil where both are one process.
    var migration: String?
    /// The bundle to move to, as the receiver's user would name it; nil where the receiver knows.
    var destination: String?
    /// Nothing is to be moved: whose is the container of this migration?
    var asks = false
    /// True where nothing is to be moved: would it work?
    var looks: Bool?
    /// How the memory is to be restored; nil is the receiver's choice.
    var restore: RestoreChoice?
    /// Bytes a second that a lazy restore places in the background; nil is no limit.
    var fillRate: Double?
}

struct WelcomeMessage: Codable, Sendable {
    var version = ProtocolVersion.current
    /// The destination bundle's path at the receiver.
    var bundle: String
    /// What would make the migration fail there, each with what to do about it.
    var problems: [String] = []
}

/// What a container needs of the receiver that it is to be handed to.
struct NeedsMessage: Codable, Sendable {
    /// Bytes of its memory, about.
    var memory: Int
    /// Whether it has TCP connections.
    var hasConnections: Bool
    /// The version of the CRIU that will dump it.
    var criu: String
    /// Nil where the processor does not matter.
    var processor: Processor?
    var config: ConfigNeeds
    /// The key of the files' digests.
    var digestSeed: [UInt8]
}

struct UsedFilesMessage: Codable, Sendable {
    var files: [UsedFile]
    var isLast: Bool
}

struct CheckingMessage: Codable, Sendable {}

struct PageSetBeginMessage: Codable, Sendable {
    /// 1 for the first; each page set refers to the one before.
    var number: Int
}

struct PageSetEndMessage: Codable, Sendable, Equatable {
    var counts: PageCounts
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

/// The answer to a greeting that asks.
struct OwnerMessage: Codable, Sendable {
    /// True: the container is the receiver's, and runs there or has run there. False: it never will.
    var accepted: Bool
}

struct FilledMessage: Codable, Sendable {
    /// Nil where the restore was not lazy.
    var fill: MigrationReport.Fill?
}

struct FailureMessage: Codable, Sendable {
    var text: String

    var error: MigrateError { MigrateError(.toolFailed, text.printable(limit: 4096)) }
}

extension String {
    /// What the other end says, as a terminal may show it: no control characters, not for ever.
    func printable(limit: Int) -> String {
        let scalars = unicodeScalars.prefix(limit).map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "?"
            default: Character(scalar)
            }
        }
        return String(scalars)
    }
}
