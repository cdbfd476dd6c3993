internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The other way in which CRIU drops a container's packets: a table of nftables, which takes one message where each rule
/// of iptables takes a program, twice for each connection in a dump and in a restore.
///
/// The table is called after the run of CRIU that has made it, and the images say which that was: the restore takes the
/// table away (CRIU 4.1 and newer, `netfilter.c`, `nftables_get_table`).
enum NetworkLockTable {
    /// For CRIU's configuration.
    static let setting = "network-lock nftables"

    /// The tables of the runs that have written a log, whether there still or not.
    /// - Parameter log: CRIU's own, in which it gives its run a name at the very beginning.
    static func names(in log: String) -> Set<String> {
        let words = ") CRIU run id = "
        return Set(
            log.split(separator: "\n").prefix(10).compactMap { line in
                guard let found = line.firstRange(of: words) else { return nil }
                let id = line[found.upperBound...]
                guard id.utf8.count == 36, id.utf8.allSatisfy({ $0 != UInt8(ascii: " ") }) else { return nil }
                // CRIU has 32 bytes for this, and the family comes first.
                return String("inet CRIU-\(id)".prefix(31).dropFirst("inet ".count))
            })
    }

    /// Removes the tables that a dump has left in a network namespace.
    /// - Parameter work: the work folder of the dump.
    static func remove(ofDumpIn work: String, namespace: Descriptor) async {
        for name in names(in: Files.text(of: "\(work)/dump.log") ?? "") {
            // A thread of its own: it does not come back from the namespace.
            _ = try? await onThread("network") { blt_nft_delete_table(namespace.raw, name) }
        }
    }
}
