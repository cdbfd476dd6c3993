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
        makeRootless(users: [Self.single(uid)], groups: [Self.single(gid)])
    }

    /// The same with more ids than one.
    /// - Parameters:
    ///   - users: the container's user ids and what they are on the host; 0 must be among them.
    ///   - groups: its group ids.
    public mutating func makeRootless(users: [IDMapping], groups: [IDMapping]) {
        var linux = linux ?? Linux()
        var namespaces = (linux.namespaces ?? []).filter { $0.type != "network" && $0.type != "user" }
        namespaces.append(Namespace { $0.type = "user" })
        linux.namespaces = namespaces
        linux.uidMappings = users
        linux.gidMappings = groups
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
                mount.options = mount.options?.filter {
                    !($0.hasPrefix("uid=") && !Self.has($0.dropFirst(4), users))
                        && !($0.hasPrefix("gid=") && !Self.has($0.dropFirst(4), groups))
                }
                return mount
            }
        }
    }

    private static func has(_ id: Substring, _ mappings: [IDMapping]) -> Bool {
        guard let id = UInt32(id) else { return false }
        return mappings.contains { mapping in
            guard let first = mapping.containerID, let count = mapping.size else { return false }
            return id >= first && id - first < count
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
