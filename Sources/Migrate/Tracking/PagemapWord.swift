/// An entry of `/proc/PID/pagemap` (proc_pid_pagemap(5)): what the kernel has mapped at one page of a process.
struct PagemapWord: Equatable, Sendable {
    static let size = MemoryLayout<UInt64>.size

    private static let present: UInt64 = 1 << 63
    private static let swapped: UInt64 = 1 << 62
    private static let fileOrShared: UInt64 = 1 << 61
    private static let softDirty: UInt64 = 1 << 55
    /// The frame, or the place in the swap space.
    private static let place: UInt64 = 1 << 55 - 1

    let bits: UInt64

    init(_ bits: UInt64) {
        self.bits = bits
    }

    /// Whether the page holds contents of the process's own: present or swapped out, and not a page of a mapped file.
    var isOwn: Bool { bits & (Self.present | Self.swapped) != 0 && bits & Self.fileOrShared == 0 }

    /// Whether it may have been written since the bits were cleared.
    var isSoftDirty: Bool { bits & Self.softDirty != 0 }

    /// Where the contents are: another value means other contents, or the same that were moved. Nil where that is hidden,
    /// which it is from users without CAP_SYS_ADMIN, or where there are none.
    var identity: UInt64? {
        isOwn && bits & Self.place != 0 ? bits & (Self.present | Self.swapped | Self.place) : nil
    }

    /// The frame in memory.
    var frame: UInt64? { bits & Self.present != 0 && bits & Self.place != 0 ? bits & Self.place : nil }
}
