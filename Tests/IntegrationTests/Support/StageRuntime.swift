import Bundles
import Glibc
import TestSupport
import Testing

/// What runs a stage's containers.
enum StageRuntime: CaseIterable {
    case runc, crun

    static let crunPath = "\(CacheFolder.path)/crun/crun"

    /// This crun refuses cgroups of both versions at once: each command sees version 2 only.
    static let crunPrefix = [
        "unshare", "--mount", "sh", "-c", "mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"", "sh",
    ]
}

extension Trait where Self == ConditionTrait {
    static var requiresCrun: Self {
        .requires(
            "unshare, and a crun with CRIU in the cache (scripts/setup.sh test)",
            Tool.path(of: "unshare") != nil && access(StageRuntime.crunPath, X_OK) == 0)
    }
}
