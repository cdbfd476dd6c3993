internal import LinuxSystem

/// What the kernel says about a process or thread: proc_pid_status(5), by its names.
struct ProcessStatus {
    private let text: String

    /// - Parameter thread: one of its threads; nil takes the first.
    /// - Returns: nil where it has ended.
    init?(of pid: Int32, thread: String? = nil) {
        guard let text = Files.text(of: "/proc/\(pid)/\(thread.map { "task/\($0)/" } ?? "")status") else { return nil }
        self.text = text
    }

    subscript(name: String) -> Substring? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.dropFirst(name.utf8.count + 1).drop(while: \.isWhitespace)
    }

    /// A set of signals or capabilities.
    func set(_ name: String) -> UInt64 { self[name].flatMap { UInt64($0, radix: 16) } ?? 0 }
}
