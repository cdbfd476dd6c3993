import Bundles
import FoundationEssentials
import LinuxSystem
import TestSupport
import Testing

/// The Python packages of crit.
private let crit = "\(CacheFolder.path)/crit/usr/lib/python3/dist-packages"

@Suite(
    "Looking into checkpoints", .serialized, .timeLimit(.minutes(3)), .requiresRoot, .requires(tool: "runc"),
    .requiresCRIU, .requiresRootfs,
    .requires("crit in the cache (scripts/setup.sh test)", Files.exists("\(crit)/pycriu")))
struct InspectTests {
    /// A dump of a process tree that uses what the kernel has.
    @Test("inspect-checkpoint says what CRIU's own crit says")
    func asCrit() async throws {
        try await Stage.serving("everything.py") { stage in
            #expect(try await stage.get("/check") == "ok")
            try await Tool.shell(
                """
                criu=${BUNDLETOOL_CRIU:-${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bundletool}/criu/criu}
                if [ -x "$criu" ]; then PATH=$(dirname "$criu"):$PATH; fi
                echo 'ghost-limit 1G' >criu.conf
                export CRIU_CONFIG_FILE=$PWD/criu.conf
                runc --root '\(stage.state)' checkpoint --leave-running --tcp-established --file-locks \
                    --image-path images --work-path images '\(stage.id)'
                """, in: stage.folder.path)
            let folder = "\(stage.folder.path)/images"
            let ours = try await inspected(folder, stage)
            try await compare(ours, folder)

            // More than a server: what the test is about is there.
            let types = Set(ours.processes.flatMap { $0.files.map(\.type) })
            #expect(
                types.isSuperset(of: [
                    "reg", "pipe", "inetsk", "unixsk", "eventfd", "eventpoll", "inotify", "timerfd", "memfd",
                ]), "\(types)")
            #expect(ours.processes.count > 3 && ours.processes.contains { $0.state == "zombie" })
            #expect(ours.processes.contains { $0.threads.count > 3 })
            #expect(ours.sockets.contains { $0.state == "LISTEN" && $0.local == "127.0.0.1:\(stage.port)" })
            #expect(ours.sockets.contains { $0.local?.hasPrefix("@everything") == true && $0.family == "unix" })

            let text = try await stage.succeed("inspect-checkpoint", folder, "--zero")
            #expect(text.contains("PID") && text.contains("127.0.0.1:\(stage.port)"))
        }
    }

    private func inspected(_ folder: String, _ stage: Stage) async throws -> Inspected {
        let text = try await stage.succeed("inspect-checkpoint", folder, "--json")
        return try JSONDecoder().decode(Inspected.self, from: Data(text.utf8))
    }

    private func compare(_ ours: Inspected, _ folder: String) async throws {
        let text = try await Tool.shell(
            """
            PYTHONPATH='\(crit)' PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python \
                /usr/bin/python3 -B '\(fixture("inspect-with-crit.py"))' '\(folder)'
            """)
        let theirs = try JSONDecoder().decode(Decoded.self, from: Data(text.utf8))
        #expect(ours.inventory.imageVersion == theirs.imageVersion)
        #expect(ours.statistics?.dump?.pagesWritten == theirs.pagesWritten)
        #expect(ours.processes.map { Decoded.Process($0) } == theirs.processes)
        #expect(ours.sockets.map(\.id) == theirs.sockets.map(\.id))
        for (our, their) in zip(ours.sockets, theirs.sockets) {
            #expect(our.inode == their.inode)
            if our.family.hasPrefix("inet") { #expect(our.local == their.local && our.remote == their.remote) }
        }
        #expect(ours.sharedMemory.count == theirs.sharedMemory.count)
        for memory in ours.sharedMemory { #expect(theirs.sharedMemory["\(memory.id)"] == memory.pages) }
    }
}

/// What we compare of the JSON.
private struct Inspected: Decodable {
    struct Inventory: Decodable { var imageVersion: Int }
    struct Thread: Decodable { var id: Int }
    struct File: Decodable {
        var descriptor: Int
        var type: String
        var id: Int
    }
    struct Area: Decodable {
        var start: String
        var end: String
    }
    struct Memory: Decodable {
        var areas: [Area]
        var pages: Decoded.Pages
    }
    struct Process: Decodable {
        var pid: Int
        var parent: Int
        var group: Int
        var session: Int
        var threads: [Thread]
        var state: String?
        var name: String?
        var executable: String?
        var memory: Memory?
        var files: [File]
    }
    struct Shared: Decodable {
        var id: UInt64
        var pages: Decoded.Pages
    }
    struct Socket: Decodable {
        var id: Int
        var inode: Int?
        var family: String
        var state: String?
        var local: String?
        var remote: String?
    }
    struct Statistics: Decodable {
        struct Dump: Decodable { var pagesWritten: Int }
        var dump: Dump?
    }

    var inventory: Inventory
    var processes: [Process]
    var sharedMemory: [Shared]
    var sockets: [Socket]
    var statistics: Statistics?
}

/// The same, from what crit decodes.
private struct Decoded: Decodable {
    struct Pages: Decodable, Equatable {
        var present: Int
        var inParent: Int
        var lazy: Int
    }
    struct File: Decodable, Equatable {
        var descriptor: Int
        var type: String
        var id: Int

        init(_ file: Inspected.File) { (descriptor, type, id) = (file.descriptor, file.type, file.id) }

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            (descriptor, type, id) = (
                try list.decode(Int.self), try list.decode(String.self), try list.decode(Int.self)
            )
        }
    }
    struct Process: Decodable, Equatable {
        var pid: Int
        var parent: Int
        var group: Int
        var session: Int
        var threads: [Int]
        var name: String?
        var executable: String?
        var areas: [[UInt64]]?
        var pages: Pages?
        var files: [File]

        init(_ process: Inspected.Process) {
            (pid, parent, group, session) = (process.pid, process.parent, process.group, process.session)
            threads = process.threads.map(\.id)
            (name, executable) = (process.name, process.executable)
            areas = process.memory?.areas.map { [$0.start, $0.end].map { UInt64($0.dropFirst(2), radix: 16) ?? 0 } }
            pages = process.memory?.pages
            files = process.files.map(File.init)
        }
    }
    struct Socket: Decodable {
        var id: Int
        var inode: Int?
        var local: String?
        var remote: String?

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            id = try list.decode(Int.self)
            inode = try list.decodeIfPresent(Int.self)
            local = try list.decodeIfPresent(String.self)
            remote = try list.decodeIfPresent(String.self)
        }
    }

    var imageVersion: Int
    var processes: [Process]
    var sockets: [Socket]
    var sharedMemory: [String: Pages]
    var pagesWritten: Int?
}
