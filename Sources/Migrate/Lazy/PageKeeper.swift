internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The page server's process, and its twin.
///
/// The twin shares the table of descriptors and sleeps. When the server dies, whatever kills it, the userfaultfds stay
/// open with the twin, which then makes a twin of its own and goes on serving. When the twin dies, the server makes
/// another one. Only who kills both at once closes the userfaultfds; that is found out by the lock, which both hold.
package enum PageKeeper {
    /// The first word of the command line that the process is started with.
    package static let word = "serve-memory"

    /// Runs the page server to its end. To be called before the process has a second thread.
    /// - Parameter arguments: those that `LazyRestore` gives.
    package static func run(_ arguments: [String]) -> Never {
        signal(SIGPIPE, SIG_IGN)
        do {
            guard arguments.count == 5, let parent = Int32(arguments[3]), let log = FillLog() else {
                throw MigrateError(.wrongState, "'\(word)' is started by a migration, not by hand")
            }
            // What is left of the others in a copy of the process is not to be relied on.
            guard try Files.names(in: "/proc/self/task").count == 1 else {
                throw MigrateError(.wrongState, "the page server has a second thread")
            }
            // A memory that is short is no reason to end just this one.
            try? Files.write(Array("-1000".utf8), to: "/proc/self/oom_score_adj")
            blt_raise_descriptor_limit()
            let place = MemoryServer.Place(
                images: arguments[0], socket: arguments[1], folder: arguments[2], rate: Double(arguments[4]))
            // Never closed: it says that one of us lives.
            let lock = try retrying("open", place.folder) {
                open("\(place.folder)/\(FillState.lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            }
            try retrying("lock", place.folder) { flock(lock, LOCK_EX | LOCK_NB) }
            Member(place: place, log: log, parent: blt_pidfd_open(parent)).serve()
        } catch {
            // Nobody reads what is printed; who waits sees that the process has ended.
            if arguments.count == 5 {
                try? FillState.write(.init(failure: "\(error)", aborted: true), in: arguments[2])
            }
            exit(1)
        }
    }
}

/// What each of the two processes is; nothing here returns, for in a twin there is nothing to return to.
private struct Member {
    let place: MemoryServer.Place
    let log: FillLog
    /// Who has started the first one, as a descriptor; -1 where it is gone.
    let parent: Int32

    private struct Twin {
        var pid: Int32
        var descriptor: Int32
    }

    func serve() -> Never {
        blt_set_process_name("pages-server")
        do {
            var twin = try makeTwin()
            let server = try MemoryServer(place, log: log)
            if log.head.connection == -1, log.head.listener == -1 { try listen() }
            try loop(server, &twin)
            var report = FillState.Report(aborted: server.isAborted)
            if !server.isAborted {
                report.fill = MigrationReport.Fill(
                    pagesBefore: log.head.early, pagesOnDemand: log.head.onDemand,
                    pagesInBackground: log.head.inBackground,
                    seconds: Double(MemoryServer.now() - log.head.finished) / 1e9)
            }
            try FillState.write(report, in: place.folder)
            end(twin, status: 0)
        } catch {
            fail(error)
        }
    }

    /// Makes the twin, which sleeps until this process has ended.
    private func makeTwin() throws -> Twin {
        let own = try retrying("watch", "a process") { blt_pidfd_open(getpid()) }
        let pid = try retrying("start", "the page server's twin") { blt_fork_sharing_descriptors() }
        guard pid == 0 else {
            return Twin(pid: pid, descriptor: try retrying("watch", "a process") { blt_pidfd_open(pid) })
        }
        blt_set_process_name("pages-keeper")
        var watched = pollfd(fd: own, events: Int16(POLLIN), revents: 0)
        while poll(&watched, 1, -1) < 1 {}
        Glibc.close(own)
        if log.head.isDone { _exit(0) }
        serve()
    }

    /// CRIU finds the socket by its name, so it gets that when it listens.
    private func listen() throws {
        let path = "\(place.socket).new"
        log.head.listener = try retrying("listen on", path) { blt_listen_unix(path) }
        try retrying("name the socket", place.socket) { rename(path, place.socket) }
    }

    private func end(_ twin: Twin, status: Int32) -> Never {
        log.head.isDone = true
        kill(twin.pid, SIGKILL)
        waitpid(twin.pid, nil, 0)
        exit(status)
    }

    /// Says why, and keeps everything as it is: while the userfaultfds are open, the processes wait, and see no zeros.
    /// Who reads the report ends them.
    private func fail(_ error: any Error) -> Never {
        let hasBegun = log.slot(0).isComplete
        try? FillState.write(FillState.Report(failure: "\(error)", aborted: !hasBegun), in: place.folder)
        // Hardly anything is mapped there: the answer is whether the process lives.
        while log.uffds.contains(where: { Userfault.zero($0, at: 1 << 20) != .gone }) { usleep(100_000) }
        log.head.isDone = true
        exit(1)
    }

    private func loop(_ server: MemoryServer, _ twin: inout Twin) throws {
        var orphaned: UInt64? = parent < 0 ? MemoryServer.now() : nil
        while !server.isComplete, !server.isAborted {
            let faulting = try server.answerFaults()
            let timeout: Int32 =
                switch try server.fill() {
                case .busy: 0
                case .later(let milliseconds): faulting ? 1 : milliseconds
                case .idle: faulting ? 1 : orphaned == nil ? -1 : 1000
                }
            let isConnected = log.head.connection != -1
            let open = server.spaces.indices.filter { !server.spaces[$0].isClosed }
            let others = [
                twin.descriptor, isConnected ? log.head.connection : log.head.listener,
                isConnected || orphaned != nil ? -1 : parent,
            ]
            var polled = (others + open.map { server.spaces[$0].uffd })
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            try retrying("wait for input") { poll(&polled, nfds_t(polled.count), timeout) }
            if polled[0].revents != 0 {
                waitpid(twin.pid, nil, 0)
                Glibc.close(twin.descriptor)
                twin = try makeTwin()
            }
            if polled[2].revents != 0 { orphaned = MemoryServer.now() }
            if polled[1].revents != 0 {
                if isConnected { try server.takeMessage() } else { try accept() }
            }
            for (position, space) in open.enumerated() where polled[others.count + position].revents != 0 {
                try server.drain(space)
            }
            // A restore that was begun goes on without who has begun it; it has had its time to connect.
            if let orphaned, log.head.connection == -1, MemoryServer.now() - orphaned > 10_000_000_000 {
                server.abort()
            }
        }
    }

    private func accept() throws {
        var port: UInt16 = 0
        log.head.connection = try retrying("accept a connection") { blt_accept(log.head.listener, &port) }
        unlink(place.socket)
        let listener = log.head.listener
        log.head.listener = -1
        Glibc.close(listener)
    }
}
