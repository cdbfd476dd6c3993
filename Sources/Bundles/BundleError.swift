internal import Glibc
internal import LinuxSystem

/// Why an operation on a bundle, an archive or an image failed. Its description is one sentence for the user.
public struct BundleError: Error, CustomStringConvertible, Sendable {
    /// What kind of failure it is, for callers that act on it.
    public enum Code: String, Sendable, Hashable {
        /// A name that cannot be a bundle's.
        case invalidName
        /// The target is there already.
        case exists
        /// The source, a bundle, or a part of one is missing.
        case notFound
        /// The caller lacks a privilege.
        case notPermitted
        /// The input is not what it claims to be, is damaged or cut short.
        case badArchive
        /// An image whose parts do not fit together: digests, sizes, manifests.
        case badImage
        /// The input would write outside the rootfs, or break a limit.
        case refused
        /// Not this build's, this kernel's or this file system's to do.
        case unsupported
        /// Somebody else is working on the same bundle.
        case busy
        /// There is no room left.
        case diskFull
        /// The user ended it.
        case interrupted
        /// A system call failed.
        case system
    }

    /// What kind of failure it is.
    public let code: Code
    /// What was tried, on what, and what to do about it.
    public let message: String
    /// What made it fail.
    public let cause: (any Error)?

    /// - Parameters:
    ///   - code: what kind of failure it is.
    ///   - message: one sentence that names the operation and the path, and says what to do.
    ///   - cause: the failure beneath.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message, then the cause.
    public var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}

extension BundleError {
    /// Wraps whatever a step threw, unless it says already what it was about.
    package static func wrap(_ error: any Error, _ message: @autoclosure () -> String) -> BundleError {
        if let error = error as? BundleError { return error }
        return BundleError(.system, message(), cause: error)
    }
}

extension BundleError {
    /// Whether a full disk or quota is at the bottom of it.
    static func meansFullDisk(_ error: any Error) -> Bool {
        if let error = error as? SystemError { return error.code == ENOSPC || error.code == EDQUOT }
        return (error as? BundleError)?.cause.map(meansFullDisk) ?? false
    }
}
