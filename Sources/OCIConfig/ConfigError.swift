/// Why a configuration could not be read, edited or written.
public struct ConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is, for callers that act on it.
    public enum Code: Sendable, Hashable {
        /// The text is not JSON, or has a form that is refused: a duplicate key, too deep, not UTF-8.
        case invalidJSON
        /// A member has another type than the specification gives it.
        case wrongType
        /// A number is outside the range of its member.
        case outOfRange
        /// A path leads through or to a key that the specification does not have.
        case unknownKey
        /// A path, flag value or edit cannot be understood.
        case malformed
        /// There is nothing at the path.
        case notFound
        /// A user or group is not in the container's files.
        case unknownUser
        /// A value cannot be written as JSON.
        case notEncodable
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence: what was tried on which member, and what to do.
    public let message: String
    /// What lies beneath, where something does.
    public let cause: (any Error)?

    /// - Parameters:
    ///   - code: what kind of failure it is.
    ///   - message: one sentence that names the member.
    ///   - cause: the failure beneath.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message, then the cause.
    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }

    /// Equal code and message; causes have no equality.
    public static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message
    }

    /// Hashes what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}
