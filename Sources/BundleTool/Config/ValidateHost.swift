import Glibc
import LinuxSystem
import OCIConfig
import Subprocess

extension HostSupport {
    /// Asks the kernel through `/proc` and `/sys`, and the runtime through its `features` command.
    static func probe(runtime: String) async -> HostSupport {
        var host = HostSupport()
        let files = ["mount": "mnt", "network": "net"]
        host.namespaces = Set(
            RuntimeSpec.Namespace.types.filter { access("/proc/self/ns/\(files[$0] ?? $0)", F_OK) == 0 })
        host.lastCapability = text("/proc/sys/kernel/cap_last_cap").flatMap { Int($0.prefix { $0 != "\n" }) }
        host.filesystems = text("/proc/filesystems").map { text in
            Set(text.split(separator: "\n").compactMap { $0.split(separator: "\t").last.map(String.init) })
        }
        host.isUnifiedCgroup = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
        host.hasAppArmor = access("/sys/kernel/security/apparmor/profiles", F_OK) == 0
        host.hasSELinux = access("/sys/fs/selinux/enforce", F_OK) == 0
        host.features = await features(of: runtime)
        if host.features == nil {
            Console.warning("'\(runtime) features' gives no answer, so only the kernel is asked")
        }
        return host
    }

    private static func text(_ path: String) -> String? {
        guard let file = try? Descriptor.open(path, O_RDONLY), let bytes = try? file.contents(limit: 1 << 20) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func features(of runtime: String) async -> RuntimeFeatures? {
        let result = try? await Subprocess.run(
            .name(runtime), arguments: ["features"], output: .bytes(limit: 4 << 20), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return try? JSONCoding.decode(RuntimeFeatures.self, from: result.standardOutput)
    }
}
