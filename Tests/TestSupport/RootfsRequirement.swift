import Glibc
package import Testing

extension Trait where Self == ConditionTrait {
    /// The tarball that the built-in recipe unpacks.
    package static var requiresRootfs: Self {
        .requires("python-rootfs.tar.gz in the cache", access("\(cacheFolder)/python-rootfs.tar.gz", R_OK) == 0)
    }

    private static var cacheFolder: String {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        return variable("BUNDLETOOL_CACHE")
            ?? "\(variable("XDG_CACHE_HOME") ?? "\(variable("HOME") ?? "/root")/.cache")/bundletool"
    }
}
