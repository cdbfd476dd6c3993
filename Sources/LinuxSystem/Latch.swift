internal import Synchronization

/// Something that happens once: raised by one thread or task, looked at by others.
package final class Latch: Sendable {
    private let value = Atomic<Bool>(false)

    package init() {}

    package func raise() { value.store(true, ordering: .releasing) }

    package var isRaised: Bool { value.load(ordering: .acquiring) }
}
