extension RuntimeSpec {
    /// A configuration that a user without privileges starts: in a user namespace where that user is root.
    /// - Parameters:
    ///   - uid: the user on the host.
    ///   - gid: the group on the host.
    public static func rootless(uid: UInt32, gid: UInt32) -> RuntimeSpec {
        var spec = RuntimeSpec.default()
        spec.makeRootless(uid: uid, gid: gid)
        return spec
    }

    /// Changes what only root may do: the user becomes root of a user namespace, the network is the host's, `/sys` is
    /// the host's and read-only, no group is asked for that is not mapped, control groups are left alone.
    public mutating func makeRootless(uid: UInt32, gid: UInt32) {
        var linux = linux ?? Linux()
        var namespaces = (linux.namespaces ?? []).filter { $0.type != "network" && $0.type != "user" }
        namespaces.append(Namespace { $0.type = "user" })
        linux.namespaces = namespaces
        linux.uidMappings = [Self.single(uid)]
        linux.gidMappings = [Self.single(gid)]
        // The limits of control groups need delegation.
        linux.resources = nil
        self.linux = linux

        mounts = mounts?.compactMap { mount in
            switch mount.destination {
            // Without a network namespace of its own the container may not mount a sysfs.
            case "/sys":
                return Mount("/sys", "none", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
            // Comes along with the host's /sys.
            case "/sys/fs/cgroup": return nil
            default:
                var mount = mount
                mount.options = mount.options?.filter { !$0.hasPrefix("gid=") && !$0.hasPrefix("uid=") }
                return mount
            }
        }
    }

    private static func single(_ id: UInt32) -> IDMapping {
        IDMapping {
            $0.containerID = 0
            $0.hostID = id
            $0.size = 1
        }
    }
}
