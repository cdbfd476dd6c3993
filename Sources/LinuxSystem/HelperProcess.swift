internal import Glibc

/// Runs a small program that reads a little and answers a little.
package enum HelperProcess {
    /// Blocks the calling thread until the program has ended.
    /// - Parameters:
    ///   - program: a path, or a name that is looked up in `PATH`.
    ///   - input: its standard input; less than a pipe holds.
    ///   - withErrors: what it says on standard error belongs to the output, too; else that goes where ours does.
    /// - Returns: whether it succeeded, and what it said, at most a megabyte.
    package static func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], withErrors: Bool = false
    ) throws(SystemError) -> (succeeded: Bool, output: [UInt8]) {
        let (child, reader) = try start(program, arguments, input, withErrors)
        let output = Result { () throws(SystemError) in try reader.contents(limit: 1 << 20) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return (status == 0, try output.get())
    }

    /// The ends of the pipes that are the child's close on return: its own end is then ours to see.
    private static func start(
        _ program: String, _ arguments: [String], _ input: [UInt8], _ withErrors: Bool
    ) throws(SystemError) -> (child: pid_t, output: Descriptor) {
        let (inputRead, inputWrite) = try Descriptor.pipe()
        let (outputRead, outputWrite) = try Descriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputRead.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite.raw, 1)
        if withErrors { posix_spawn_file_actions_adddup2(&actions, outputWrite.raw, 2) }
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, program, &actions, nil, &argv, environ)
        if result != 0 { throw SystemError(code: result, operation: "start", subject: program) }
        // A program that wants to know nothing may be gone already.
        try? inputWrite.write(all: input)
        return (child, outputRead)
    }
}
