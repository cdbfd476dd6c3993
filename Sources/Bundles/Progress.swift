internal import Synchronization

/// How far an operation is: written by whoever works, on any thread, and read by whoever shows it.
package final class Progress: Sendable {
    /// One look at it.
    package struct Snapshot: Sendable {
        /// What is being done, as in "unpacking python-rootfs.tar.gz".
        package var step: String
        package var bytes: Int
        /// How many bytes there will be, where that is known.
        package var total: Int?
        package var began: ContinuousClock.Instant
        /// Counts the steps: a change means that a new one has begun.
        package var serial: Int

        /// Bytes a second since the step began.
        package func rate(at now: ContinuousClock.Instant = .now) -> Double {
            let seconds = (now - began) / .seconds(1)
            return seconds > 0 ? Double(bytes) / seconds : 0
        }
    }

    private struct Step {
        var name = ""
        var total: Int?
        var began = ContinuousClock.now
        var serial = 0
    }
    private let step = Mutex(Step())
    private let bytes = Atomic(0)

    package init() {}

    /// A new step begins at 0 bytes.
    package func begin(_ name: String, total: Int? = nil) {
        step.withLock {
            $0 = Step(name: name, total: total, serial: $0.serial + 1)
            bytes.store(0, ordering: .relaxed)
        }
    }

    package func advance(by count: Int) {
        bytes.wrappingAdd(count, ordering: .relaxed)
    }

    package var snapshot: Snapshot {
        step.withLock {
            Snapshot(
                step: $0.name, bytes: bytes.load(ordering: .relaxed), total: $0.total, began: $0.began,
                serial: $0.serial)
        }
    }
}
