internal import Glibc

/// A system call that failed: what was tried, on what, and the kernel's answer.
package struct SystemError: Error, CustomStringConvertible, Sendable, Hashable {
    /// The errno value.
    package let code: Int32
    /// What was tried, as a user reads it: "open", "create the folder".
    package let operation: String
    /// What it was tried on, usually a path; empty where there is none.
    package let subject: String

    package init(code: Int32, operation: String, subject: String = "") {
        self.code = code
        self.operation = operation
        self.subject = subject
    }

    /// The error of the call that has just failed. Takes `errno` first, before anything can overwrite it.
    package static func last(_ operation: String, _ subject: String = "") -> SystemError {
        SystemError(code: errno, operation: operation, subject: subject)
    }

    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }

    package var description: String {
        let reason = String(cString: strerror(code))
        return subject.isEmpty ? "cannot \(operation): \(reason)" : "cannot \(operation) \(subject): \(reason)"
    }
}

/// Calls again while a signal interrupts; a negative result becomes an error.
@discardableResult
package func retrying<Result: SignedInteger>(
    _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String = "", call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError.last(operation(), subject()) }
    }
}
