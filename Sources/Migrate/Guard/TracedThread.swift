internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A thread that is traced (ptrace(2)). All calls about it have to come from the thread that has seized it; with that
/// thread's end it is let go.
struct TracedThread: Hashable, Sendable {
    enum Event: Equatable {
        /// Stopped because it was asked to, or by a stop signal.
        case stopped
        /// Stands at a signal that it has not got yet.
        case signal(Int32)
        /// Enters or leaves a system call.
        case systemCall
        /// Is about to end, with this wait status.
        case exiting(Int32)
        case ended
    }

    let tid: Int32

    /// - Parameter stopsAtExit: whether it stops before it ends, and lets go of what it traces itself.
    init(seizing tid: Int32, stopsAtExit: Bool = false) throws(SystemError) {
        self.tid = tid
        try call("trace") { blt_trace_seize(tid, stopsAtExit ? 1 : 0) }
    }

    func interrupt() throws(SystemError) { try call("stop") { blt_trace_interrupt(tid) } }

    /// Lets it go on; where a stop signal has stopped it, it stays so.
    func `continue`(with signal: Int32 = 0) throws(SystemError) {
        try call("resume") { blt_trace_continue(tid, signal) }
    }

    func listen() throws(SystemError) { try call("resume") { blt_trace_listen(tid) } }

    func continueToSystemCall() throws(SystemError) { try call("resume") { blt_trace_to_system_call(tid, 0) } }

    /// Ends the tracing of a thread that stands.
    /// - Parameter signal: what it gets.
    func detach(with signal: Int32 = 0) throws(SystemError) { try call("let go of") { blt_trace_detach(tid, signal) } }

    /// Waits for the next event.
    func wait() throws(SystemError) -> Event {
        var status: Int32 = 0
        try call("wait for") { blt_trace_wait(tid, &status, 1) }
        return try event(status)
    }

    /// - Returns: nil where the time is over.
    func wait(until deadline: ContinuousClock.Instant) throws(SystemError) -> Event? {
        var status: Int32 = 0
        while try call("wait for", { blt_trace_wait(tid, &status, 0) }) == 0 {
            if .now >= deadline { return nil }
            usleep(20)
        }
        return try event(status)
    }

    private func event(_ status: Int32) throws(SystemError) -> Event {
        // wait(2)'s macros; PTRACE_EVENT_STOP and PTRACE_EVENT_EXIT of <linux/ptrace.h>.
        guard status & 0xff == 0x7f else { return .ended }
        let signal = (status >> 8) & 0xff
        switch (status >> 16, signal) {
        case (128, _): return .stopped
        case (6, _):
            var message: UInt64 = 0
            try call("look at") { blt_trace_event_message(tid, &message) }
            return .exiting(Int32(truncatingIfNeeded: message))
        case (_, SIGTRAP | 0x80): return .systemCall
        default: return .signal(signal)
        }
    }

    /// Whether the signal that it stands at is a breakpoint's or a step's.
    var standsAtTrap: Bool {
        var code: Int32 = 0
        // SI_KERNEL and the TRAP_ codes: nobody has sent it.
        return blt_trace_signal_code(tid, &code) == 0 && code > 0
    }

    /// A set of registers, by its note type in <linux/elf.h>.
    struct RegisterSet {
        let note: Int32
        let limit: Int

        /// NT_PRSTATUS.
        static let general = RegisterSet(note: 1, limit: ThreadRegisters.size)
        /// NT_X86_XSTATE: floating point, vectors, tiles.
        static let extended = RegisterSet(note: 0x202, limit: 1 << 14)
    }

    func bytes(of set: RegisterSet) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: set.limit)
        let count = try call("read the registers of") {
            bytes.withUnsafeMutableBytes { blt_trace_registers(tid, set.note, $0.baseAddress, $0.count) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    func set(_ set: RegisterSet, to bytes: [UInt8]) throws(SystemError) {
        try call("write the registers of") {
            bytes.withUnsafeBytes { blt_trace_set_registers(tid, set.note, $0.baseAddress, $0.count) }
        }
    }

    /// Its general registers; nil where they are not those of a 64-bit x86.
    func registers() throws(SystemError) -> ThreadRegisters? { ThreadRegisters(try bytes(of: .general)) }

    func signalMask() throws(SystemError) -> UInt64 {
        var mask: UInt64 = 0
        try call("read the signal mask of") { blt_trace_signal_mask(tid, &mask) }
        return mask
    }

    func setSignalMask(_ mask: UInt64) throws(SystemError) {
        try call("write the signal mask of") { blt_trace_set_signal_mask(tid, mask) }
    }

    /// The debug control register: which breakpoints of the processor are on.
    func breakpoints() throws(SystemError) -> UInt64 {
        var control: UInt64 = 0
        try call("read the breakpoints of") { blt_trace_breakpoints(tid, &control) }
        return control
    }

    func setBreakpoints(_ control: UInt64) throws(SystemError) {
        try call("write the breakpoints of") { blt_trace_set_breakpoints(tid, control) }
    }

    @discardableResult
    private func call<Result: SignedInteger>(_ what: String, _ body: () -> Result) throws(SystemError) -> Result {
        try retrying(what, "thread \(tid)", call: body)
    }
}
