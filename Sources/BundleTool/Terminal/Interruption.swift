import Glibc
import LinuxSystem

/// Turns SIGINT and SIGTERM into the cancellation of a task, so that it can tidy up.
enum Interruption {
    /// What the signal handler may touch: a plain number that is set before the handler is.
    private nonisolated(unsafe) static var pipe: Int32 = -1

    /// Whether the current task is cancelled by signals already.
    @TaskLocal private static var isWatched = false

    /// Runs `body`; the first signal cancels it, a second one ends the process.
    ///
    /// Inside another `cancelling` it adds nothing: the outer one cancels all that it runs.
    static func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        if isWatched { return try await body() }
        var ends: [Int32] = [-1, -1]
        try retrying("make a pipe") { Glibc.pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let reader = Descriptor(owning: ends[0])
        let writer = Descriptor(owning: ends[1])
        pipe = writer.raw
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let saved = errno
            var byte: UInt8 = 1
            _ = write(Interruption.pipe, &byte, 1)
            errno = saved
        }
        action.sa_flags = Int32(SA_RESTART) | Int32(bitPattern: UInt32(SA_RESETHAND))
        var old = (sigaction(), sigaction())
        sigaction(SIGINT, &action, &old.0)
        sigaction(SIGTERM, &action, &old.1)
        defer {
            sigaction(SIGINT, &old.0, nil)
            sigaction(SIGTERM, &old.1, nil)
        }
        let work = Task { try await $isWatched.withValue(true) { try await body() } }
        async let watched: Void = onThread("signals") {
            var byte: UInt8 = 0
            let count = try withUnsafeMutableBytes(of: &byte) { try reader.read(into: $0) }
            // 0 is the work's own end.
            if count == 1, byte == 1 { work.cancel() }
        }
        let result = await work.result
        // Lets the watching thread end.
        try writer.write(all: [0])
        try? await watched
        return try result.get()
    }
}
