internal import Glibc

/// The folder where set-up puts what is downloaded or built once.
package enum CacheFolder {
    /// `$BUNDLETOOL_CACHE`, else `$XDG_CACHE_HOME/bundletool`, else `~/.cache/bundletool`: as scripts/setup.sh has it.
    package static var path: String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        return variable("BUNDLETOOL_CACHE")
            ?? "\(variable("XDG_CACHE_HOME") ?? "\(variable("HOME") ?? "/root")/.cache")/bundletool"
    }
}
