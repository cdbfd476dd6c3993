internal import CLinux
internal import Glibc

/// Running this program once more, as root of a user namespace.
package enum UserNamespace {
    /// Blocks the calling thread until that has ended; it gets the signals that this process is sent.
    /// - Parameters:
    ///   - arguments: the program's name first.
    ///   - environment: what it is to have besides this process's.
    /// - Returns: its exit status.
    package static func rerun(
        _ arguments: [String], environment: [String: String], _ map: IDMap
    ) throws(SystemError) -> Int32 {
        for (name, value) in environment { setenv(name, value, 1) }
        let (child, ready, go) = try start(arguments)
        do {
            try waitUntilReady(ready)
            try write(map, for: child)
        } catch {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            throw error
        }
        try go.write(all: [1])
        return try retrying("wait for", "this program") { blt_wait_passing_signals(child) }
    }

    /// The child's ends of the pipes are closed here on return: that it has died is then seen.
    private static func start(
        _ arguments: [String]
    ) throws(SystemError) -> (child: pid_t, ready: Descriptor, go: Descriptor) {
        let ready = try Descriptor.pipe()
        let go = try Descriptor.pipe()
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        let child = try retrying("start", "this program again") {
            blt_rerun_in_user_namespace(
                &argv, environ, [ready.read.raw, ready.write.raw], [go.read.raw, go.write.raw])
        }
        return (child, ready.read, go.write)
    }

    private static func waitUntilReady(_ pipe: Descriptor) throws(SystemError) {
        var code: Int32 = EIO
        do {
            _ = try withUnsafeMutableBytes(of: &code) { try pipe.readFully(into: $0) }
        } catch {
            code = EIO
        }
        if code != 0 { throw SystemError(code: code, operation: "make a user namespace") }
    }

    /// One id is everybody's own to map; for others there are newuidmap(1) and newgidmap(1).
    private static func write(_ map: IDMap, for child: pid_t) throws(SystemError) {
        if map.isSingle {
            try put("deny", "/proc/\(child)/setgroups")
            try put("0 \(map.users[0].outside) 1", "/proc/\(child)/uid_map")
            return try put("0 \(map.groups[0].outside) 1", "/proc/\(child)/gid_map")
        }
        for (program, ranges) in [("newuidmap", map.users), ("newgidmap", map.groups)] {
            let numbers = ranges.flatMap { [$0.inside, $0.outside, $0.count] }.map { "\($0)" }
            let (succeeded, output) = try HelperProcess.run(program, ["\(child)"] + numbers, withErrors: true)
            if !succeeded {
                let said = String(decoding: output, as: UTF8.self)
                throw SystemError(code: EPERM, operation: "map ids with \(program)", subject: "(it says: \(said))")
            }
        }
    }

    /// The kernel wants these files written at once.
    private static func put(_ text: String, _ path: String) throws(SystemError) {
        do {
            try Descriptor.open(path, O_WRONLY).write(all: Array(text.utf8))
        } catch {
            throw SystemError(code: error.code, operation: "write to", subject: path)
        }
    }

    /// Whether newuidmap(1) and newgidmap(1) are there (Debian's package uidmap).
    package static var hasHelpers: Bool {
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        return ["newuidmap", "newgidmap"].allSatisfy { name in
            folders.contains { Files.isExecutable("\($0)/\(name)") }
        }
    }
}
