internal import Bundles
internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// Processes that a CRIU which was killed in a restore has left: half made, outside of what the runtime knows, and with
/// the container's sockets, which the next restore needs.
struct HalfRestored: Sendable {
    /// The last part of the cgroup's path.
    private let cgroup: String
    private let rootfs: FileIdentity?

    /// - Parameters:
    ///   - id: the container's.
    ///   - bundle: the one that was restored into; nothing else runs from it.
    init(of id: String, in bundle: String) {
        let bundle = try? OCIBundle(at: bundle)
        // `/path/name`, or for systemd `slice:prefix:name` (config-linux.md, Cgroups Path).
        let path = (try? bundle?.spec())?.linux?.cgroupsPath.flatMap { $0.isEmpty ? nil : $0 }
        cgroup = path?.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? id
        rootfs = bundle.flatMap { Files.identity(of: $0.rootfsPath) }
    }

    /// Kills them, and waits until they are gone.
    func end() async {
        for _ in 0..<100 {
            let left = processes()
            if left.isEmpty { return }
            for pid in left { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func processes() -> [Int32] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            guard let text = Files.text(of: "/proc/\(pid)/cgroup"), isOurs(text), ContainerProcess.isAlive(pid) else {
                return false
            }
            // Of another container whose cgroup has the same name nothing is touched.
            if let rootfs, Files.identity(of: "/proc/\(pid)/root") == rootfs { return true }
            return ContainerProcess.isCRIU(pid)
        }
    }

    private func isOurs(_ cgroups: String) -> Bool {
        cgroups.split(separator: "\n").contains { $0.hasSuffix("/\(cgroup)") || $0.hasSuffix("-\(cgroup).scope") }
    }
}
