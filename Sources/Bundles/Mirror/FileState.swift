internal import Glibc
internal import LinuxSystem

/// What `stat` says of a file and what is different after each change of its content, its metadata or its name.
struct FileState: Equatable {
    let identity: FileIdentity
    let mode: UInt32
    let size: Int
    let links: UInt64
    private let change: Time
    private let modification: Time

    private struct Time: Equatable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    init(_ status: stat) {
        identity = status.identity
        mode = status.st_mode
        size = Int(status.st_size)
        links = UInt64(status.st_nlink)
        change = Time(status.st_ctim)
        modification = Time(status.st_mtim)
    }

    /// File systems count in steps of up to a second or two: what changes twice within one looks as it did before.
    private static let step = 2

    /// Whether a change at `now` (seconds since the epoch) or later shows in the times.
    func isSettled(at now: Int) -> Bool { change.seconds < now - Self.step }
}

extension stat {
    /// The kernel may write memory that a process has mapped to the file so many seconds later, and notes no time then.
    private static var writeback: Int { 120 }

    /// Whether a copy with this status, made of a file with the status `source`, has its content still: same size, same
    /// time of modification, and the copy was made so long after that nothing can have followed in silence.
    func isCopy(of source: stat) -> Bool {
        st_size == source.st_size && st_mtim.tv_sec == source.st_mtim.tv_sec
            && st_mtim.tv_nsec == source.st_mtim.tv_nsec && st_ctim.tv_sec - source.st_mtim.tv_sec > Self.writeback
    }
}
