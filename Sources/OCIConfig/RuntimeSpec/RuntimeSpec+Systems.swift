extension RuntimeSpec {
    /// The new configuration for a system: the default on `linux`, elsewhere the least that the specification asks for.
    /// - Parameter system: `linux`, `solaris`, `windows`, `freebsd` or `zos`.
    /// - Returns: nil for any other system.
    public static func base(for system: String) -> RuntimeSpec? {
        if system == "linux" { return .default() }
        var spec = RuntimeSpec()
        spec.ociVersion = "1.0.2"
        spec.root = Root { $0.path = "rootfs" }
        spec.process = Process { process in
            process.args = ["sh"]
            process.cwd = "/"
            process.user = User {
                $0.uid = 0
                $0.gid = 0
            }
        }
        switch system {
        case "solaris": spec.solaris = Solaris()
        case "zos": spec.zos = ZOS()
        case "freebsd": spec.freebsd = FreeBSD()
        case "windows":
            // The layers and the root's volume are for the user to name: there is no usual one.
            spec.root = nil
            spec.process?.args = ["cmd"]
            spec.process?.cwd = #"C:\"#
            spec.process?.user = nil
            spec.windows = Windows { $0.layerFolders = [] }
        default: return nil
        }
        return spec
    }
}
