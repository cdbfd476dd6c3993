internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What the running kernel offers to a migration.
enum Kernel {
    private static let pageSize = Int(getpagesize())

    static func user() -> Finding {
        geteuid() == 0
            ? Finding(subject: "user", verdict: .ok, detail: "root")
            : Finding(
                subject: "user", verdict: .missing, detail: "user \(geteuid()), not root: CRIU and runc need root",
                remedy: "sudo bundletool …")
    }

    static func findings() -> [Finding] {
        let release =
            Files.text(of: "/proc/sys/kernel/osrelease")?.split(separator: "\n").first.map(String.init) ?? "unknown"
        // The file is there with CONFIG_CHECKPOINT_RESTORE only.
        let checkpointRestore = Files.exists("/proc/sys/kernel/ns_last_pid")
        let softDirty = SoftDirty.isSupported
        return [
            Finding(
                subject: "checkpoint-restore", verdict: checkpointRestore ? .ok : .missing,
                detail: checkpointRestore ? "kernel \(release)" : "kernel \(release) is built without it",
                remedy: checkpointRestore ? nil : "a kernel with CONFIG_CHECKPOINT_RESTORE"),
            Finding(
                subject: "soft-dirty", verdict: softDirty ? .ok : .optional,
                detail: softDirty
                    ? "the kernel marks changed pages: --predump reads no others"
                    : "the kernel does not mark changed pages: --predump compares their content instead"),
            Finding(
                subject: "page size", verdict: pageSize == Page.size ? .ok : .missing,
                detail: "\(pageSize) bytes",
                remedy: pageSize == Page.size ? nil : "a kernel with pages of \(Page.size) bytes"),
        ]
    }
}

/// CRIU locks a container's TCP connections with these during a dump.
enum FirewallTools {
    static func finding() -> Finding {
        if let tool = Tool.find("iptables-restore") {
            return Finding(subject: "iptables", verdict: .ok, detail: tool)
        }
        return Finding(
            subject: "iptables", verdict: .missing, detail: "not installed: CRIU cannot hold TCP connections",
            remedy: "apt-get install iptables")
    }
}

/// Whether files can share their data where the bundles are.
enum Reflink {
    static func finding(folder: String) -> Finding {
        // The nearest folder that exists: the containers folder may be still to be made.
        var place = folder.hasPrefix("/") ? folder : "./\(folder)"
        while !Files.exists(place), let slash = place.lastIndex(of: "/"), slash != place.startIndex {
            place = String(place[..<slash])
        }
        guard let works = try? works(in: place) else {
            return Finding(
                subject: "reflink", verdict: .optional, detail: "\(place) cannot be written, so it was not tried")
        }
        return works
            ? Finding(subject: "reflink", verdict: .ok, detail: "clones below \(place) share their data")
            : Finding(
                subject: "reflink", verdict: .optional, detail: "clones below \(place) are full copies",
                remedy: "a containers folder on XFS or btrfs makes clones instant")
    }

    private static func works(in folder: String) throws -> Bool {
        // Files without a name: nothing to clean up.
        let source = try Descriptor.open(folder, O_RDWR | blt_o_tmpfile, mode: 0o600)
        let copy = try Descriptor.open(folder, O_RDWR | blt_o_tmpfile, mode: 0o600)
        try source.write(all: [UInt8](repeating: 1, count: 4096))
        return blt_reflink(copy.raw, source.raw) == 0
    }
}
