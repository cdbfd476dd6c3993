/// A bundle's name: one path component that a shell, a log line and a runtime can carry.
public struct BundleName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    public let text: String

    /// - Throws: `BundleError.Code.invalidName` with what is wrong.
    public init(_ text: String) throws {
        let wrong: String? =
            switch text {
            case "": "it is empty"
            case ".", "..": "it means a folder that is there already"
            case _ where text.utf8.contains(0x2f): "it holds a slash; the folder is chosen with --containers"
            case _ where text.utf8.contains(where: { $0 == 0 || $0 == 0x0a }): "it holds a newline or a zero byte"
            case _ where text.unicodeScalars.contains("\u{fffd}"): "it is not UTF-8"
            case _ where text.utf8.count > 255: "it is longer than 255 bytes"
            default: nil
            }
        if let wrong { throw BundleError(.invalidName, "'\(text)' cannot be a bundle's name: \(wrong)") }
        self.text = text
    }

    /// The name itself.
    public var description: String { text }
}
