internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Fills the memory of a container that CRIU restores lazily: a process of its own, with a single thread.
///
/// CRIU connects, and each restored task hands over its userfaultfd. From then on pages are placed, those first that a
/// process waits for, while CRIU still restores and while the container runs. When a userfaultfd is closed, the kernel
/// gives zeros for what is missing; so it is closed when nothing is missing, and no death may close it before:
/// `PageKeeper`.
///
/// Source: the protocol of CRIU `criu/uffd.c`; it does what `criu lazy-pages` does, which cannot read pages that lie in
/// a parent image.
final class MemoryServer {
    /// Where it works; all names are relative to its working folder, which no other process is to mistake for its own.
    struct Place {
        /// The image folder.
        var images: String
        /// Where CRIU connects to.
        var socket: String
        /// For the lock and the report.
        var folder: String
        /// Bytes a second in the background; nil is as fast as it goes.
        var rate: Double?
    }

    /// CRIU's `LAZY_PAGES_RESTORE_FINISHED`, where a process id would come: all tasks are about to go on.
    static let finishedNumber: Int32 = 0x5253_5446
    /// Pages that are placed at a time in the background, and from a faulting page on.
    static let batch = 64
    static let faultBatch = 16

    /// The memory of one process.
    struct Space {
        let uffd: Int32
        var runs: PageRuns
        /// Pages that threads wait for, and that could not be placed yet.
        var waiting: Set<UInt64> = []
        var isClosed = false
        /// The child may lack mappings that its parent did not want it to have.
        var isForked = false
    }

    let place: Place
    let log: FillLog
    let runs: [UInt64: [PageRuns.Run]]
    let files: [Int32]
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: MemoryServer.batch * Page.size, alignment: Page.size)
    var spaces: [Space] = []
    private var nextSlot = 0
    /// CRIU is gone without having finished.
    private(set) var isAborted = false
    /// Background: which space is next, and when.
    var turn = 0
    var resumption: UInt64 = 0

    var hasFinished: Bool { log.head.finished != 0 }
    var isComplete: Bool { hasFinished && spaces.allSatisfy(\.isClosed) }

    /// Reads the pagemaps and, where the log says something already, does what it says.
    init(_ place: Place, log: FillLog) throws {
        self.place = place
        self.log = log
        let (runs, names) = try LazyImages(folder: place.images).runs()
        self.runs = runs
        // Closed with the process only: the table of descriptors is not ours alone.
        files = try names.map { name in try retrying("open", name) { open(name, O_RDONLY | O_CLOEXEC) } }
        try replay()
        isAborted = log.head.connection == -2 && !hasFinished
    }

    // MARK: What is reported

    private func replay() throws {
        while log.slot(nextSlot).isComplete {
            try apply(log.slot(nextSlot))
            nextSlot += 1
        }
        // Died between the two parts of a message: the second one is on its way.
        if log.slot(nextSlot).kind == .message, log.slot(nextSlot).number != FillLog.Slot.noNumber { try takeMessage() }
        for space in spaces where !space.isClosed { Userfault.wakeAll(space.uffd) }
    }

    /// Nobody has connected, and nobody will.
    func abort() { isAborted = true }

    private func apply(_ slot: FillLog.Slot) throws {
        switch slot.kind {
        case .free: break
        case .closed: spaces[slot.space].isClosed = true
        case .message:
            if slot.number == Self.finishedNumber, log.head.finished == 0 { log.head.finished = Self.now() }
            // A zombie has no memory.
            if slot.number == Self.finishedNumber || slot.number < 0 { return }
            guard let runs = runs[UInt64(slot.number)] else {
                throw MigrateError(.malformed, "CRIU restores process \(slot.number), of which there is no image")
            }
            spaces.append(Space(uffd: slot.uffd ?? -1, runs: PageRuns(runs)))
        case .event:
            let index = slot.space
            switch UserfaultEvent(slot.contents) {
            case nil: break
            case .fault(let address): spaces[index].waiting.insert(address)
            case .fork(let uffd): spaces.append(Space(uffd: uffd, runs: spaces[index].runs, isForked: true))
            case .remap(let from, let to, let length): spaces[index].runs.move(from..<(from + length), to: to)
            case .remove(let range), .unmap(let range): spaces[index].runs.remove(range)
            case .unknown(let number):
                throw MigrateError(.malformed, "the kernel reports event \(number) of a process's memory")
            }
        }
    }

    /// Reads all that a userfaultfd reports.
    func drain(_ index: Int) throws {
        while true {
            guard nextSlot < FillLog.capacity else {
                throw MigrateError(.toolFailed, "the container changes its memory map too often")
            }
            let slot = log.claim(nextSlot, .event, space: index)
            let count = Glibc.read(spaces[index].uffd, slot.contents, UserfaultEvent.size)
            if count < 0, errno == EINTR { continue }
            guard count == UserfaultEvent.size else { return }
            try apply(slot)
            // A fault is reported again to who asks: nothing to keep.
            if case .fault = UserfaultEvent(slot.contents) { continue }
            nextSlot += 1
        }
    }

    /// Takes one message from CRIU.
    func takeMessage() throws {
        let old = log.slot(nextSlot)
        // Taken over between the two parts of a message: the first is there.
        let slot = old.kind == .message ? old : log.claim(nextSlot, .message)
        if slot.number == FillLog.Slot.noNumber {
            let count = try retrying("receive from CRIU") {
                recv(log.head.connection, slot.numberBytes, 4, 0)
            }
            guard count == 4 else {
                log.head.connection = -2
                isAborted = !hasFinished
                return
            }
        }
        if slot.number >= 0, slot.number != Self.finishedNumber {
            _ = try retrying("receive from CRIU") { blt_receive_descriptor(log.head.connection, slot.contents) }
        }
        guard slot.isComplete else { throw MigrateError(.malformed, "CRIU sent no userfaultfd") }
        try apply(slot)
        nextSlot += 1
    }

    /// Nothing is missing in this process, or the process is gone.
    func close(_ index: Int) {
        // First the word, then the deed: between the two, a descriptor stays open that nobody needs.
        if nextSlot < FillLog.capacity {
            _ = log.claim(nextSlot, .closed, space: index)
            nextSlot += 1
        }
        spaces[index].isClosed = true
        spaces[index].runs = PageRuns([])
        spaces[index].waiting = []
        _ = Glibc.close(spaces[index].uffd)
    }

    /// Nanoseconds of CLOCK_MONOTONIC.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
