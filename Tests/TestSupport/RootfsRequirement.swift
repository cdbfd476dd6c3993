import Bundles
import Glibc
package import Testing

extension Trait where Self == ConditionTrait {
    /// The tarball that the built-in recipe unpacks.
    package static var requiresRootfs: Self {
        .requires("python-rootfs.tar.gz in the cache", access("\(CacheFolder.path)/python-rootfs.tar.gz", R_OK) == 0)
    }
}
