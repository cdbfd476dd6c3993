internal import Glibc

/// Holds a stream to a rate: what was sent is paid for by sleeping.
///
/// Used by one sending thread at a time.
struct Bandwidth {
    private let rate: Rate?
    /// When what was sent so far would have arrived at the rate.
    private var due: ContinuousClock.Instant

    init(_ rate: Rate?) {
        self.rate = rate
        due = .now
    }

    /// Accounts for `bytes` that are about to be sent, and sleeps until they would have crossed.
    mutating func spend(_ bytes: Int) {
        guard let rate else { return }
        // A pause earns no credit: a link does not send faster because it was idle.
        due = max(due, .now) + .seconds(Double(bytes) / rate.bytesPerSecond)
        let rest = due - .now
        // Sleeping is coarse; small debts are carried over to the next message.
        if rest > .milliseconds(2) {
            let (seconds, attoseconds) = rest.components
            var pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
            var left = timespec()
            while nanosleep(&pause, &left) != 0, errno == EINTR { pause = left }
        }
    }
}
