internal import Glibc
internal import LinuxSystem

/// What CRIU takes from a file that `$CRIU_CONFIG_FILE` names: options that runtimes have no word for.
enum CRIUConfiguration {
    /// Files that are open and have no name any more travel in the images, by default only up to 1 MiB.
    private static let always = ["ghost-limit 1G"]

    /// Writes a configuration: the user's own, and these lines.
    static func write(_ lines: [String] = [], to path: String) throws {
        let inherited = getenv("CRIU_CONFIG_FILE").flatMap { Files.text(of: String(cString: $0)) } ?? ""
        // Which of the two network locks it is can be the user's to say.
        let lines = lines.filter { $0 != NetworkLockTable.setting || !inherited.contains("network-lock") }
        let text = ([inherited] + always + lines).joined(separator: "\n") + "\n"
        try Files.write(Array(text.utf8), to: path)
    }
}
