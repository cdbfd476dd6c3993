internal import Glibc
package import LinuxSystem
public import OCIConfig

extension OCIBundle {
    /// The configuration.
    /// - Throws: `BundleError` where it cannot be read or is no runtime configuration.
    public func spec() throws -> RuntimeSpec {
        do {
            return try RuntimeSpec(parsing: readConfig())
        } catch {
            throw BundleError.wrap(error, "cannot use \(configPath)")
        }
    }

    /// The path of the bundle that this one is a clone of, or nil.
    public func origin() throws -> String? {
        try spec().annotations?[Self.originAnnotation]
    }

    /// The folder that `root.path` names.
    package func openRootfs() throws -> Descriptor {
        let named = try spec().root?.path ?? "rootfs"
        let place = named.hasPrefix("/") ? named : "\(path)/\(named)"
        do {
            return try Descriptor.open(place, O_RDONLY | O_DIRECTORY)
        } catch {
            throw BundleError(
                error.isMissing ? .notFound : .system, "cannot open the rootfs of the bundle \(path)", cause: error)
        }
    }
}

extension OCIBundle {
    /// The ids of the user namespace that the configuration makes, where it makes one.
    package func idMap() throws -> IDMap? {
        let linux = try spec().linux
        guard linux?.namespaces?.contains(where: { $0.type == "user" }) == true else { return nil }
        func ranges(_ mappings: [RuntimeSpec.IDMapping]?) -> [IDMap.Range] {
            (mappings ?? []).compactMap { mapping in
                guard let inside = mapping.containerID, let outside = mapping.hostID, let count = mapping.size else {
                    return nil
                }
                return IDMap.Range(inside: inside, outside: outside, count: count)
            }
        }
        let map = IDMap(users: ranges(linux?.uidMappings), groups: ranges(linux?.gidMappings))
        return map.users.isEmpty || map.groups.isEmpty ? nil : map
    }
}
