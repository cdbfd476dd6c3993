/// The general registers of a thread on x86-64, as ptrace(2) gives them (`struct user_regs_struct`).
struct ThreadRegisters: Equatable, Sendable {
    static let size = 27 * 8

    private var words: [UInt64]

    /// - Parameter bytes: what the kernel gave; nil where that is another processor's, or a 32-bit process's.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        words = bytes.withUnsafeBytes { raw in
            (0..<27).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        }
    }

    var bytes: [UInt8] { words.withUnsafeBytes(Array.init) }

    /// What a system call has returned, or which one is asked for.
    var result: UInt64 {
        get { words[10] }
        set { words[10] = newValue }
    }
    /// The system call that the thread was interrupted in; all ones outside of one.
    var systemCall: UInt64 {
        get { words[15] }
        set { words[15] = newValue }
    }
    var instruction: UInt64 {
        get { words[16] }
        set { words[16] = newValue }
    }

    /// A system call with up to two arguments, by the instruction at an address.
    func calling(_ number: UInt64, _ first: UInt64, _ second: UInt64 = 0, at address: UInt64) -> Self {
        var copy = self
        copy.result = number
        copy.words[14] = first
        copy.words[13] = second
        copy.systemCall = .max
        copy.instruction = address
        return copy
    }

    /// The same for a thread that the kernel does not know to be in a system call any more: the call is made again. One
    /// that would go on with the time left, a `nanosleep`, cannot be, and ends with `EINTR`; CRIU does the same
    /// (compel's `infect.c`, `compel_get_task_regs`).
    var outsideOfSystemCall: Self {
        var copy = self
        guard systemCall != .max else { return copy }
        switch Int64(bitPattern: result) {
        // ERESTARTSYS, ERESTARTNOINTR and ERESTARTNOHAND of the kernel's <linux/errno.h>.
        case -512, -513, -514:
            copy.result = systemCall
            // Back to the instruction.
            copy.instruction -= 2
        // ERESTART_RESTARTBLOCK.
        case -516: copy.result = UInt64(bitPattern: -4)
        default: break
        }
        copy.systemCall = .max
        return copy
    }
}
