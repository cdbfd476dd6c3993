/// What went wrong in a runtime command or in a migration.
package struct MigrateError: Error, CustomStringConvertible, Sendable {
    package enum Code: Sendable, Hashable {
        /// A tool (runtime, CRIU) is missing or does not fit this machine.
        case toolMissing
        /// A runtime or CRIU command failed.
        case toolFailed
        /// The container is not there, or not in the state that the operation needs.
        case wrongState
        /// The arguments name nothing, or more than one thing.
        case ambiguous
        /// Another operation holds the bundle.
        case busy
        /// A CRIU image or a message on the wire is malformed.
        case malformed
        /// The other end of a migration is gone, or silent.
        case disconnected
        /// The other end may have started the container, and cannot be asked; it is held frozen here.
        case uncertain
        /// The migration failed; the container runs at the source.
        case rolledBack
        /// The migration failed and the container runs nowhere; its images are kept.
        case lost
        /// Stopped by the user before anything was disturbed.
        case cancelled
    }

    package let code: Code
    /// One sentence: the operation, on what, why, and what to do about it.
    package let message: String
    /// The error below this one, if there is one.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }
}
