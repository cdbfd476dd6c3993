import Glibc

/// A failure of a command that no library reports.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// - Throws: one sentence where the user is not root.
    static func unlessRoot(_ operation: String) throws {
        guard geteuid() == 0 else { throw Failure("\(operation) needs root: run it with sudo") }
    }
}
