internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The calls on a userfaultfd, by its number: it belongs to two processes (`PageKeeper`), so nothing here closes it.
///
/// Source: ioctl_userfaultfd(2), userfaultfd(2), Linux `fs/userfaultfd.c`, `mm/userfaultfd.c`.
enum Userfault {
    /// Whether this kernel tells of a process that forks, remaps and unmaps.
    static var isSupported: Bool { blt_uffd_supported() == 1 }

    enum Placement: Equatable {
        /// So many bytes are there now.
        case placed(Int)
        /// The process changes its map: its event has to be read before anything is placed.
        case changing
        /// There is a page already.
        case exists
        /// No registered mapping, or more than one of them.
        case unmapped
        /// The process is gone.
        case gone
        /// No memory at the moment.
        case noMemory
        case failed(Int32)

        init(_ result: Int) {
            self =
                switch -result {
                case let code where code <= 0: .placed(result)
                case Int(EAGAIN): .changing
                case Int(EEXIST): .exists
                case Int(ENOENT): .unmapped
                // ENOSPC was the answer of older kernels.
                case Int(ESRCH), Int(ENOSPC): .gone
                case Int(ENOMEM): .noMemory
                case let code: .failed(Int32(code))
                }
        }
    }

    static func copy(_ uffd: Int32, to address: UInt64, _ bytes: UnsafeRawBufferPointer) -> Placement {
        Placement(blt_uffd_copy(uffd, address, bytes.baseAddress, bytes.count))
    }

    static func zero(_ uffd: Int32, at address: UInt64) -> Placement {
        Placement(blt_uffd_zero(uffd, address, Page.size))
    }

    /// Threads that wait for this page look again whether it is there.
    static func wake(_ uffd: Int32, at address: UInt64) {
        _ = blt_uffd_wake(uffd, address, UInt64(Page.size))
    }

    /// All threads that wait look again, and those whose page is not there are reported anew: for who has not seen the
    /// reports.
    static func wakeAll(_ uffd: Int32) {
        // How far addresses go differs between machines, and one too far is refused.
        let start: UInt64 = 1 << 20
        for bits in stride(from: UInt64(57), through: 36, by: -1)
        where blt_uffd_wake(uffd, start, (1 << bits) - UInt64(Page.size) - start) == 0 { return }
    }
}

/// What a userfaultfd reports: `struct uffd_msg`, 32 bytes.
enum UserfaultEvent: Equatable {
    static let size = 32

    /// A thread waits for the page at this address.
    case fault(address: UInt64)
    /// The process has forked; the child's userfaultfd has this number.
    case fork(uffd: Int32)
    /// Pages have moved.
    case remap(from: UInt64, to: UInt64, length: UInt64)
    /// The process has thrown pages away (madvise(2)): they are zero from now on.
    case remove(Range<UInt64>)
    case unmap(Range<UInt64>)
    case unknown(UInt8)

    /// Nil where no event has been written here.
    init?(_ bytes: UnsafeRawPointer) {
        func word(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        func range() -> Range<UInt64> { word(8)..<max(word(8), word(16)) }
        switch bytes.load(as: UInt8.self) {
        case 0: return nil
        case 0x12: self = .fault(address: word(16) & ~UInt64(Page.size - 1))
        case 0x13: self = .fork(uffd: bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self))
        case 0x14: self = .remap(from: word(8), to: word(16), length: word(24))
        case 0x15: self = .remove(range())
        case 0x16: self = .unmap(range())
        case let other: self = .unknown(other)
        }
    }
}
