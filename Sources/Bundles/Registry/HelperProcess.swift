internal import Glibc
internal import LinuxSystem

/// Runs a small program that reads a little and answers a little.
enum HelperProcess {
    /// - Returns: its standard output; `nil` if it failed.
    static func run(_ program: String, _ arguments: [String], input: [UInt8]) throws -> [UInt8]? {
        let (inputRead, inputWrite) = try Descriptor.pipe()
        let (outputRead, outputWrite) = try Descriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputRead.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite.raw, 1)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, program, &actions, nil, &argv, environ)
        if result != 0 { throw SystemError(code: result, operation: "start", subject: program) }
        return try talk(child, inputWrite, outputRead, closing: [inputRead, outputWrite], input)
    }

    private static func talk(
        _ child: pid_t, _ write: consuming Descriptor, _ read: Descriptor, closing: consuming [Descriptor],
        _ input: [UInt8]
    ) throws -> [UInt8]? {
        // The child alone holds the other ends: its end is then ours to see.
        closing = []
        try? write.write(all: input)
        write = read
        let output = Result { try read.contents(limit: 1 << 20) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return status == 0 ? try output.get() : nil
    }
}
