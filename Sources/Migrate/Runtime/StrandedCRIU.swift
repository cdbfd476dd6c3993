internal import Glibc
internal import LinuxSystem

/// Children of a CRIU that was killed, which nobody is going to end.
///
/// CRIU tries out the kernel with children that stop themselves (`vdso.c`, `vdso_fill_compat_symtable`). They keep the
/// socket between CRIU and the runtime open, so that the runtime waits for a CRIU that is dead, for ever.
struct StrandedCRIU: Sendable {
    /// What each CRIU of a migration has in its `PATH`, and nobody else.
    let criuFolder: String

    /// Ends them: those that are stopped. A CRIU whose runtime was killed has lost its parent too, and is left to come to
    /// its end; it may be about to do what was committed.
    func end() {
        for pid in processes() {
            guard let status = ContainerProcess.status(of: pid), status.state == "T", !isOurs(status.parent) else {
                continue
            }
            kill(pid, SIGKILL)
        }
    }

    /// Ends each CRIU of the migration, stranded or not.
    func endAll() {
        for pid in processes() { kill(pid, SIGKILL) }
    }

    private func processes() -> [Int32] {
        ((try? Files.names(in: "/proc")) ?? []).compactMap { Int32($0) }.filter {
            ContainerProcess.isCRIU($0) && isOurs($0)
        }
    }

    /// Does `body`, and ends them whenever a second of it has passed: what they keep from ending may be `body`.
    func ending<Value>(while body: () async throws -> Value) async rethrows -> Value {
        let watch = Task.detached {
            while (try? await Task.sleep(for: .seconds(1))) != nil { end() }
        }
        defer { watch.cancel() }
        return try await body()
    }

    private func isOurs(_ pid: Int32) -> Bool {
        (Files.text(of: "/proc/\(pid)/environ") ?? "").split(separator: "\0").contains {
            $0.hasPrefix("PATH=\(criuFolder):")
        } || Self.isDumping(pid, into: "\(criuFolder)/../source-work")
    }

    /// Whether a process is a CRIU that is at work on a dump. It then has a name of its own, which it has written over
    /// its environment, and works in its work folder (`cr-service.c`, `setup_opts_from_req`, `dump_using_req`).
    static func isDumping(_ pid: Int32, into work: String) -> Bool {
        guard ContainerProcess.isCRIU(pid), let folder = Files.identity(of: work),
            Files.identity(of: "/proc/\(pid)/cwd") == folder
        else { return false }
        let descriptors = (try? Files.names(in: "/proc/\(pid)/fd")) ?? []
        // In a rollback a restore works there as well, and has another log.
        return descriptors.contains { Files.linkTarget("/proc/\(pid)/fd/\($0)")?.hasSuffix("/dump.log") == true }
    }
}
