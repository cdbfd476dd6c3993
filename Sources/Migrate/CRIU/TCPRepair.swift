internal import CLinux
internal import LinuxSystem

/// CRIU reads a connection's queues in the kernel's repair mode, and leaves that on until the dump is over (`sk-tcp.c`,
/// `tcp_repair_established`); a CRIU that is killed, for good. Traffic may go on in it all the same, but the other end
/// never hears of a connection that is closed in it.
enum TCPRepair {
    /// Ends it for the connections of a container.
    /// - Parameter root: its first process, which no CRIU works on any more.
    static func end(below root: Int32) async {
        _ = try? await onThread("network") {
            for process in try ContainerProcess.tree(below: root) {
                guard let handle = try? ProcessHandle(process.pid) else { continue }
                for name in (try? Files.names(in: "/proc/\(process.pid)/fd")) ?? [] {
                    guard let number = Int32(name),
                        Files.linkTarget("/proc/\(process.pid)/fd/\(name)")?.hasPrefix("socket:") == true
                    else { continue }
                    _ = blt_end_tcp_repair(handle.descriptor.raw, number)
                }
            }
        }
    }
}
