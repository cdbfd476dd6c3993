internal import Glibc
internal import LinuxSystem

/// Which open descriptors CRIU cannot carry.
struct DescriptorChecks {
    let tree: [ContainerProcess]

    func problems() -> [String] {
        tree.flatMap { process -> [String] in
            let folder = "/proc/\(process.pid)"
            let mounts = Self.mounts(Files.text(of: "\(folder)/mountinfo") ?? "")
            return ((try? Files.names(in: "\(folder)/fd")) ?? []).compactMap { number -> String? in
                guard let target = Files.linkTarget("\(folder)/fd/\(number)") else { return nil }
                var status = stat()
                let isThere = stat("\(folder)/fd/\(number)", &status) == 0
                let mount = Self.mount(Files.text(of: "\(folder)/fdinfo/\(number)") ?? "")
                let reason = Self.problem(
                    target, status: isThere ? status : nil, isMounted: mount.map { mounts.contains($0) } ?? true)
                return reason.map { "\(Preflight.name(process)) has descriptor \(number) on \($0)" }
            }
        }
    }

    /// - Parameters:
    ///   - target: what the link in `/proc/PID/fd` says.
    ///   - isMounted: whether the file's mount is one of the container's.
    static func problem(_ target: String, status: stat?, isMounted: Bool) -> String? {
        if target.hasPrefix("anon_inode:") {
            let kind = target.dropFirst("anon_inode:".count)
            return unsupported.contains { kind.hasPrefix($0) } ? "\(kind), which CRIU does not carry: close it" : nil
        }
        guard target.hasPrefix("/"), !kernelFiles.contains(where: { target.hasPrefix($0) }), let status else {
            return nil
        }
        let (major, minor) = (status.deviceMajor, status.deviceMinor)
        switch status.kind {
        // Terminals: the container's own ones travel.
        case .characterDevice where terminals.contains(major):
            return isMounted
                ? nil : "\(target), a terminal of the host: run the container without one (bundletool run does)"
        case .characterDevice
        where !(major == 1 && memoryDevices.contains(minor)) && !(major == 5 || tun == (major, minor)):
            return "the device \(target) (\(major):\(minor)), which CRIU does not carry: close it"
        case .blockDevice: return "the device \(target) (\(major):\(minor)), which CRIU does not carry: close it"
        case .characterDevice where major == 1 || isMounted: return nil
        default:
            return isMounted
                ? nil
                : "\(target), a file outside the container: use a pipe or /dev/null (bundletool run does), or a bind mount"
        }
    }

    private static let unsupported = [
        "[io_uring]", "[userfaultfd]", "[perf_event]", "[fscontext]", "[secretmem]", "kvm-", "bpf-prog", "bpf-link",
        "bpf_link", "seccomp notify", "iommufd", "[landlock", "[vfio", "dma_buf", "sync_file",
    ]
    /// Files that the kernel mounts for itself.
    private static let kernelFiles = ["/memfd:", "/SYSV", "/dev/zero (deleted)", "/anon_hugepage", "/[aio]"]
    /// pts, and the virtual and serial consoles.
    private static let terminals: Set<UInt32> = Set([3, 4] + Array(136...143))
    /// null, zero, full, random, urandom, kmsg
    private static let memoryDevices: Set<UInt32> = [3, 5, 7, 8, 9, 11]
    private static let tun: (UInt32, UInt32) = (10, 200)

    /// The ids of the mounts of a mountinfo file.
    private static func mounts(_ text: String) -> Set<Substring> {
        Set(text.split(separator: "\n").compactMap { $0.split(separator: " ").first })
    }

    private static func mount(_ fdinfo: String) -> Substring? {
        fdinfo.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }.flatMap { $0.split(separator: "\t").last }
    }
}

extension stat {
    fileprivate var deviceMajor: UInt32 { Device.numbers(st_rdev).major }
    fileprivate var deviceMinor: UInt32 { Device.numbers(st_rdev).minor }
}
