internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What CRIU is going to change in the processes of a container while it dumps them, as it was before.
///
/// CRIU has the processes themselves tell what nobody can see from outside (compel's `infect.c`). It writes a system call
/// over the beginning of the first executable mapping, has it executed, in that way maps a program of its own, and has
/// the threads execute that. All of this is undone at the end; a CRIU that is killed before leaves a process whose next
/// instruction is not its own.
struct ContainerSnapshot: Sendable {
    private struct Thread {
        let tid: Int32
        let registers: ThreadRegisters
        let extended: [UInt8]
        let signalMask: UInt64
        let breakpoints: UInt64
    }

    private struct Process {
        let pid: Int32
        let threads: [Thread]
        let mappings: [Mapping]
        /// The beginning of each executable mapping.
        let code: [(address: UInt64, bytes: [UInt8])]
        let descriptors: Set<Int32>
    }

    private let processes: [Process]

    /// CRIU writes a system call of 8 bytes and a name behind it.
    private static let codeLength = 64
    /// How long the container may be held up for this.
    private static let patience = Duration.milliseconds(500)

    /// Stops the processes, looks, and leaves them in a frozen cgroup. Where that fails, they run on.
    static func take(below root: Int32, freezing freezer: ContainerFreezer) throws -> ContainerSnapshot {
        let deadline = ContinuousClock.now + patience
        let held = TracedProcesses()
        // As long as one ran it may have started others.
        while try held.seize(try ContainerProcess.tree(below: root).map(\.pid)) {
            try held.waitUntilStopped(until: deadline, delivers: true)
        }
        let snapshot = try ContainerSnapshot(of: held)
        do {
            try freezer.freeze(until: deadline)
        } catch {
            try? freezer.thaw()
            throw error
        }
        held.release()
        return snapshot
    }

    private init(of held: TracedProcesses) throws {
        processes = try Dictionary(grouping: held.threads, by: \.pid).map { pid, threads in
            let mappings = Mapping.all(of: pid)
            let memory = try Descriptor.open("/proc/\(pid)/mem", O_RDONLY)
            return Process(
                pid: pid, threads: try threads.map { try Self.state(of: $0.traced) }, mappings: mappings,
                code: mappings.filter(\.isExecutable).compactMap { mapping in
                    // What a file has no more pages for cannot be read, and CRIU cannot write there.
                    guard let bytes = try? memory.bytes(at: mapping.start, count: Self.codeLength) else { return nil }
                    return (mapping.start, bytes)
                },
                descriptors: Self.descriptors(of: pid))
        }
    }

    private static func state(of thread: TracedThread) throws -> Thread {
        guard let registers = try thread.registers() else {
            throw SystemError(code: ENOTSUP, operation: "read the registers of", subject: "a 32-bit process")
        }
        return Thread(
            tid: thread.tid, registers: registers, extended: try thread.bytes(of: .extended),
            signalMask: try thread.signalMask(), breakpoints: try thread.breakpoints())
    }

    private static func descriptors(of pid: Int32) -> Set<Int32> {
        Set(((try? Files.names(in: "/proc/\(pid)/fd")) ?? []).compactMap { Int32($0) })
    }

    /// Puts the processes back, and lets them go on. They are frozen, and nobody traces them.
    /// - Returns: how many threads stood where CRIU had put them.
    func restore(thawing freezer: ContainerFreezer) throws -> Int {
        let held = TracedProcesses()
        _ = try held.seize(processes.map(\.pid))
        // None runs a step before it has stopped again.
        try freezer.thaw()
        try held.waitUntilStopped(until: .now + .seconds(10), delivers: false)
        var changed = 0
        for process in processes { changed += try Self.restore(process, held) }
        return changed
    }

    private static func restore(_ process: Process, _ held: TracedProcesses) throws -> Int {
        let memory = try Descriptor.open("/proc/\(process.pid)/mem", O_RDWR)
        for (address, bytes) in process.code where (try? memory.bytes(at: address, count: bytes.count)) != bytes {
            try bytes.withUnsafeBytes { try memory.write(all: $0, at: Int(address)) }
        }
        let threads = Dictionary(uniqueKeysWithValues: process.threads.map { ($0.tid, $0) })
        let removes = hasLeftovers(process)
        var changed = 0
        var remover: (thread: TracedThread, state: Thread)?
        try held.update(pid: process.pid) { thread in
            guard let before = threads[thread.traced.tid] else { return }
            let registers = try thread.traced.registers()
            if registers != before.registers {
                changed += 1
                if case .signal(SIGTRAP) = thread.stop { thread.dropsSignal = thread.traced.standsAtTrap }
                try put(thread.traced, before)
            } else if try thread.traced.signalMask() != before.signalMask {
                try thread.traced.setSignalMask(before.signalMask)
            }
            if try thread.traced.breakpoints() != before.breakpoints {
                try thread.traced.setBreakpoints(before.breakpoints)
            }
            if removes, thread.stop == .stopped, remover == nil { remover = (thread.traced, before) }
        }
        if let remover {
            // What stays behind does no harm to the process: it is not worth losing it.
            try? removeLeftovers(process, by: remover.thread, remover.state, memory)
            try put(remover.thread, remover.state)
        }
        return changed
    }

    private static func put(_ thread: TracedThread, _ state: Thread) throws {
        try thread.set(.extended, to: state.extended)
        try thread.set(.general, to: state.registers.outsideOfSystemCall.bytes)
        try thread.setSignalMask(state.signalMask)
    }

    private static func hasLeftovers(_ process: Process) -> Bool {
        !newMappings(process).isEmpty || !descriptors(of: process.pid).subtracting(process.descriptors).isEmpty
    }

    /// The process has done nothing meanwhile: what is new in it is CRIU's.
    private static func newMappings(_ process: Process) -> [Mapping] {
        Mapping.all(of: process.pid).filter { mapping in
            !process.mappings.contains { $0.start < mapping.end && mapping.start < $0.end }
        }
    }

    /// Has a thread unmap and close what CRIU has left in its process.
    private static func removeLeftovers(
        _ process: Process, by thread: TracedThread, _ state: Thread, _ memory: Descriptor
    ) throws {
        guard let instruction = systemCallInstruction(in: process, memory) else { return }
        try thread.setSignalMask(.max)
        func call(_ number: UInt64, _ first: UInt64, _ second: UInt64 = 0) throws {
            let registers = state.registers.calling(number, first, second, at: instruction)
            try thread.set(.general, to: registers.bytes)
            // To its beginning, and to its end.
            for _ in 0..<2 {
                try thread.continueToSystemCall()
                guard try thread.wait(until: .now + .seconds(1)) == .systemCall else {
                    throw SystemError(code: EINTR, operation: "remove what CRIU left")
                }
            }
        }
        // x86-64's numbers.
        for mapping in newMappings(process) { try call(11, mapping.start, mapping.end - mapping.start) }
        for descriptor in descriptors(of: process.pid).subtracting(process.descriptors) {
            try call(3, UInt64(descriptor))
        }
    }

    /// Where the process has the instruction `syscall`: at the latest its C library has.
    private static func systemCallInstruction(in process: Process, _ memory: Descriptor) -> UInt64? {
        for mapping in process.mappings where mapping.isExecutable {
            for start in stride(from: mapping.start, to: mapping.end, by: 1 << 16) {
                let count = Int(min(1 << 16, mapping.end - start))
                guard let bytes = try? memory.bytes(at: start, count: count), bytes.count > 1 else { break }
                if let index = (0..<bytes.count - 1).first(where: { bytes[$0] == 0x0f && bytes[$0 + 1] == 0x05 }) {
                    return start + UInt64(index)
                }
            }
        }
        return nil
    }
}

/// A line of proc_pid_maps(5).
private struct Mapping {
    let start: UInt64
    let end: UInt64
    let isExecutable: Bool

    /// What is mapped in a process, without what the kernel maps for everybody.
    static func all(of pid: Int32) -> [Mapping] {
        (Files.text(of: "/proc/\(pid)/maps") ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            let bounds = fields.first?.split(separator: "-").compactMap { UInt64($0, radix: 16) } ?? []
            guard bounds.count == 2, fields.count > 4, !line.hasSuffix("[vsyscall]") else { return nil }
            return Mapping(start: bounds[0], end: bounds[1], isExecutable: fields[1].dropFirst(2).first == "x")
        }
    }
}

extension Descriptor {
    /// Up to `count` bytes of a process's memory.
    fileprivate func bytes(at address: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try retrying("read") {
            bytes.withUnsafeMutableBytes { pread(raw, $0.baseAddress, $0.count, Int(address)) }
        }
        bytes.removeLast(count - read)
        return bytes
    }
}
