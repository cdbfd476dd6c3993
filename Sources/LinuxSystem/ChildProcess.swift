internal import CLinux
internal import Glibc

/// Programs that are started without swift-subprocess: with more descriptors than three, or to be left behind.
package enum ChildProcess {
    /// How a process has ended (wait(2)).
    package enum End: Sendable, Hashable {
        case exited(Int32)
        case killed(signal: Int32)

        package init(waitStatus status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
        }
    }

    /// Starts a program in a session of its own, with default signal handling and no other descriptors than these.
    /// - Parameters:
    ///   - descriptors: the program's descriptors from 0 on.
    ///   - environment: `NAME=value`, instead of this process's.
    /// - Returns: its process id, to be waited for.
    package static func start(
        _ path: String, _ arguments: [String], descriptors: [Descriptor], environment: [String]? = nil
    ) throws(SystemError) -> Int32 {
        let words = CStrings([path] + arguments)
        let variables = environment.map { CStrings($0) }
        let numbers = descriptors.map(\.raw)
        let pid = try retrying("start", path) {
            blt_spawn(
                path, words.pointers, variables.map { UnsafePointer($0.pointers) } ?? blt_environment(), numbers,
                Int32(numbers.count))
        }
        withExtendedLifetime((words, variables, descriptors)) {}
        return pid
    }

    /// How the child `pid` has ended; nil while it runs.
    /// - Throws: ECHILD where it is no child of this process.
    package static func end(of pid: Int32) throws(SystemError) -> End? {
        var status: Int32 = 0
        let found = try retrying("wait for", "process \(pid)") { waitpid(pid, &status, WNOHANG) }
        return found == 0 ? nil : End(waitStatus: status)
    }

    /// Any child that has ended; nil where there is none just now.
    package static func anyEnd() -> (pid: Int32, end: End)? {
        var status: Int32 = 0
        let pid = waitpid(-1, &status, WNOHANG)
        return pid > 0 ? (pid, End(waitStatus: status)) : nil
    }

    /// Waits for the child `pid`.
    package static func wait(for pid: Int32) throws(SystemError) -> End {
        var status: Int32 = 0
        try retrying("wait for", "process \(pid)") { waitpid(pid, &status, 0) }
        return End(waitStatus: status)
    }

    /// This process's variables, as `NAME=value`.
    package static var environment: [String] {
        var list: [String] = []
        var next = blt_environment()!
        while let pointer = next.pointee {
            list.append(String(cString: pointer))
            next += 1
        }
        return list
    }
}

/// A process that is not necessarily a child: told from a later one with the same number (pidfd_open(2)).
package struct ProcessHandle: Sendable {
    package let pid: Int32
    /// Can be read when the process has ended.
    package let descriptor: Descriptor

    package init(_ pid: Int32) throws(SystemError) {
        self.pid = pid
        descriptor = Descriptor(owning: try retrying("watch", "process \(pid)") { blt_pidfd_open(pid) })
    }

    /// How it has ended, also where it is somebody else's child; nil while it runs.
    /// - Throws: where it has been waited for, and the kernel (before Linux 6.15) does not say.
    package func end() throws(SystemError) -> ChildProcess.End? {
        if let end = zombieEnd { return end }
        var status: Int32 = 0
        do {
            try retrying("read the end of", "process \(pid)") { blt_pidfd_exit(descriptor.raw, &status) }
            return ChildProcess.End(waitStatus: status)
        } catch {
            if error.code == ENODATA { return nil }
            throw error
        }
    }
}

extension ProcessHandle {
    /// As long as nobody has waited for it, proc_pid_stat(5) has it, in any kernel: the last of its fields.
    private var zombieEnd: ChildProcess.End? {
        let fields = (Files.text(of: "/proc/\(pid)/stat", limit: 1 << 16) ?? "").split(separator: ")").last?
            .split(separator: " ")
        guard let fields, fields.first == "Z", fields.count >= 50, let status = Int32(fields[49].filter(\.isNumber))
        else { return nil }
        return ChildProcess.End(waitStatus: status)
    }
}

/// Turns the calling process into one that stays behind and looks after others.
package enum Daemon {
    /// Goes on in a child in a session of its own, that nobody waits for. For a process with one thread.
    package static func detach() throws(SystemError) {
        try retrying("go into the background") { blt_daemonize() }
    }

    /// Orphans among the descendants become children of this process.
    package static func adoptOrphans() throws(SystemError) {
        try retrying("become the parent of orphans") { blt_adopt_orphans() }
    }

    /// Can be read when children have ended; SIGCHLD does nothing else from then on.
    package static func childSignals() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying("watch children") { blt_child_descriptor() })
    }
}

/// A list of C strings, ended by a null pointer.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
