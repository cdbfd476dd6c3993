internal import Glibc
internal import LinuxSystem

/// A process of a container: its id here and in the container's own pid namespace, which is what CRIU's images use.
struct ContainerProcess: Hashable, Sendable {
    var pid: Int32
    var innerPID: UInt64

    /// What CRIU's images call its memory.
    var memory: MemoryID { MemoryID(kind: .process, number: innerPID) }

    /// The process `root` and everything below it: the tree that CRIU dumps.
    static func tree(below root: Int32) throws(MigrateError) -> [ContainerProcess] {
        var found: [ContainerProcess] = []
        var pending = [root]
        while let pid = pending.popLast() {
            // A child that has ended meanwhile is no part of the tree any more.
            guard let inner = innerPID(of: pid) else {
                if pid == root {
                    throw MigrateError(
                        .wrongState,
                        "the container ended before it could be moved, by itself or by a signal: process \(root) is gone"
                    )
                }
                continue
            }
            found.append(ContainerProcess(pid: pid, innerPID: inner))
            pending += children(of: pid)
        }
        return found.sorted { $0.innerPID < $1.innerPID }
    }

    /// Whether the process is there and no zombie.
    static func isAlive(_ pid: Int32) -> Bool {
        status(of: pid).map { $0.state != "Z" && $0.state != "X" } ?? false
    }

    /// Whether it has a context of io_setup(2).
    var hasAsynchronousIO: Bool {
        let maps = Files.text(of: "/proc/\(pid)/maps") ?? ""
        return maps.split(separator: "\n").contains { $0.hasSuffix(" /[aio] (deleted)") }
    }

    /// Whether all of its threads are traced, or have ended.
    var isHeld: Bool {
        ((try? Files.names(in: "/proc/\(pid)/task")) ?? []).allSatisfy { thread in
            guard let status = ProcessStatus(of: pid, thread: thread) else { return true }
            return status["TracerPid"] != "0" || status["State"]?.first == "Z" || status["State"]?.first == "X"
        }
    }

    /// Whether it has ended, or is going to as soon as it runs.
    var isKilled: Bool {
        guard Self.isAlive(pid), let status = ProcessStatus(of: pid) else { return true }
        return (status.set("SigPnd") | status.set("ShdPnd")) & 1 << (SIGKILL - 1) != 0
    }

    /// Its state, a letter of proc_pid_stat(5), and its parent; nil where it has ended.
    static func status(of pid: Int32) -> (state: Substring, parent: Int32)? {
        // They follow the name, which is in parentheses and may hold any character.
        let fields = Files.text(of: "/proc/\(pid)/stat")?.split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 1, let parent = Int32(fields[1]) else { return nil }
        return (fields[0], parent)
    }

    /// When the process was started, as field 22 of its `stat` says: with the number it names this process and no later
    /// one. Nil where it has ended.
    static func startTime(of pid: Int32) -> String? {
        // The name, in parentheses, may hold any character.
        Files.text(of: "/proc/\(pid)/stat")?.split(separator: ")").last?
            .split(separator: " ").dropFirst(19).first.map(String.init)
    }

    /// Whether it is CRIU, or a child of CRIU's that is not a process of the container yet.
    static func isCRIU(_ pid: Int32) -> Bool {
        let words = (Files.text(of: "/proc/\(pid)/cmdline") ?? "").split(separator: "\0")
        // Its dynamic loader may have started it; and when it works, it calls itself "criu: dump --rpc".
        return words.prefix(4).contains { word in
            let name = word.split(separator: ": ", maxSplits: 1).first ?? word
            return name.hasSuffix("criu") || name.hasSuffix("criu.bin")
        }
    }

    private static func innerPID(of pid: Int32) -> UInt64? {
        ProcessStatus(of: pid)?["NSpid"]?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0) }
    }

    private static func children(of pid: Int32) -> [Int32] {
        ((try? Files.names(in: "/proc/\(pid)/task")) ?? []).flatMap { thread in
            (Files.text(of: "/proc/\(pid)/task/\(thread)/children") ?? "").split(separator: " ").compactMap {
                Int32($0)
            }
        }
    }
}
