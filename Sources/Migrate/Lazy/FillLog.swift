internal import CLinux
internal import Glibc

/// What the page server has been told, in memory that it shares with its keeper.
///
/// The kernel reports each change of a process's memory map once, and a report that is lost is memory that is wrong
/// later. So no report goes anywhere but here: read(2) and recvmsg(2) write it into a slot whose page is there already,
/// in the same system call that takes it from the kernel, and no signal comes in between. Who takes over reads the
/// slots from the first one on, and knows all that the dead one knew.
struct FillLog: @unchecked Sendable {
    enum Kind: UInt32 {
        case free = 0
        /// From CRIU: the process id, then the userfaultfd; or that it has finished.
        case message
        /// From a userfaultfd.
        case event
        /// The space is filled, and its userfaultfd closed or about to be.
        case closed
    }

    private static let slotSize = 64
    /// Memory is used for slots that are used: 64 bytes for each change of a memory map.
    static let capacity = 1 << 22

    /// What is known besides the slots, before the first of them.
    struct Head {
        /// The report is written; who is left ends.
        var isDone = false
        /// The connection from CRIU: -1 before there is one, -2 after it has ended.
        var connection: Int32 = -1
        /// What listens for it, -1 before and after.
        var listener: Int32 = -1
        /// When CRIU had finished, in nanoseconds of CLOCK_MONOTONIC; 0 before.
        var finished: UInt64 = 0
        /// Pages placed before CRIU had finished, after a fault, and in the background.
        var early = 0
        var onDemand = 0
        var inBackground = 0
    }

    private let base: UnsafeMutableRawPointer

    init?() {
        guard let memory = blt_shared_memory((Self.capacity + 1) * Self.slotSize) else { return nil }
        base = memory
        precondition(MemoryLayout<Head>.size <= Self.slotSize)
        base.initializeMemory(as: Head.self, to: Head())
    }

    var head: Head {
        get { base.assumingMemoryBound(to: Head.self).pointee }
        nonmutating _modify { yield &base.assumingMemoryBound(to: Head.self).pointee }
    }

    // MARK: The slots

    struct Slot {
        fileprivate let base: UnsafeMutableRawPointer

        var kind: Kind {
            get { Kind(rawValue: base.load(as: UInt32.self)) ?? .free }
            nonmutating set { base.storeBytes(of: newValue.rawValue, as: UInt32.self) }
        }
        /// Whose event it is, by order of arrival.
        var space: Int {
            get { Int(base.load(fromByteOffset: 4, as: UInt32.self)) }
            nonmutating set { base.storeBytes(of: UInt32(newValue), toByteOffset: 4, as: UInt32.self) }
        }
        /// A number from CRIU; `noNumber` before it is read.
        var number: Int32 { base.load(fromByteOffset: 8, as: Int32.self) }
        var numberBytes: UnsafeMutableRawPointer { base + 8 }
        /// An event, or the head of a message with its descriptor.
        var contents: UnsafeMutableRawPointer { base + 16 }

        /// The userfaultfd that comes with a message or with the event of a fork, or nil.
        var uffd: Int32? {
            if kind == .event, case .fork(let uffd) = UserfaultEvent(contents) { return uffd }
            let uffd = kind == .message ? blt_received_descriptor(contents) : -1
            return uffd < 0 ? nil : uffd
        }

        static let noNumber = Int32.min

        fileprivate func clear() {
            memset(base, 0, FillLog.slotSize)
            base.storeBytes(of: Self.noNumber, toByteOffset: 8, as: Int32.self)
        }

        /// Whether what the slot was taken for has arrived as a whole.
        var isComplete: Bool {
            switch kind {
            case .free: false
            case .closed: true
            case .event: UserfaultEvent(contents) != nil
            case .message:
                number != Self.noNumber
                    && (number < 0 || number == MemoryServer.finishedNumber || blt_received_descriptor(contents) >= 0)
            }
        }
    }

    func slot(_ index: Int) -> Slot { Slot(base: base + (index + 1) * Self.slotSize) }

    /// Takes the slot for a report that is about to be read, and touches it.
    func claim(_ index: Int, _ kind: Kind, space: Int = 0) -> Slot {
        let slot = slot(index)
        slot.clear()
        slot.space = space
        slot.kind = kind
        return slot
    }

    /// The userfaultfds that are open, read from the slots.
    var uffds: [Int32] {
        var all: [(uffd: Int32, isOpen: Bool)] = []
        var index = 0
        while slot(index).isComplete {
            if let uffd = slot(index).uffd { all.append((uffd, true)) }
            if slot(index).kind == .closed { all[slot(index).space].isOpen = false }
            index += 1
        }
        return all.filter { $0.isOpen }.map { $0.uffd }
    }
}
