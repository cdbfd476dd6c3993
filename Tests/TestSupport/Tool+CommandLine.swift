import Glibc
import LinuxSystem

extension Tool {
    /// Whether everything that a test needs has to be there.
    static var isCI: Bool { getenv("CI") != nil }

    /// The program as users get it: `$BUNDLETOOL`, else the release build, else the one that came with the tests.
    package static let commandLine: String = {
        if let named = getenv("BUNDLETOOL"), let path = Files.canonicalPath(String(cString: named)) { return path }
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return Files.canonicalPath("/\(root)/.build/release/bundletool") ?? bundletool
    }()
}
