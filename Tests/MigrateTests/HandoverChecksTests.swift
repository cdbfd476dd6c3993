import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Migrate

/// A source against the receiver's look at a hand-over, over a socket pair.
@Suite struct HandoverChecksTests {
    static let seed = [UInt8](repeating: 7, count: PageHasher.seedSize)

    private static func needs() throws -> NeedsMessage {
        NeedsMessage(
            memory: 1, hasConnections: false, criu: "4.2", processor: nil,
            config: ConfigNeeds(try .init(parsing: Array(#"{"ociVersion": "1.0.2"}"#.utf8))), digestSeed: seed)
    }

    /// What a receiver with `rootfs` says about the files that the other side sends.
    private static func problems(
        in rootfs: String, _ send: (Link) throws -> Void
    ) throws -> [String] {
        let (here, there) = try Descriptor.socketPair()
        let link = Link(input: here, output: here)
        try link.send(.needs, needs())
        try send(link)
        shutdown(here.raw, Int32(SHUT_WR))
        let root = try Descriptor.open(rootfs, O_RDONLY | O_DIRECTORY)
        return try HandoverChecks(from: Link(input: there, output: there)).fileProblems(root, at: "/b")
    }

    @Test("each file is compared as CRIU would, inside the rootfs, and only what is a regular file is opened")
    func files() throws {
        let folder = try TemporaryFolder()
        let (one, two) = ("\(folder.path)/one", "\(folder.path)/two")
        for root in [one, two] {
            try Files.makeFolder(root)
            for name in ["same", "content", "size", "mode", "log"] {
                try Files.write(Array("\(name)".utf8), to: "\(root)/\(name)", mode: 0o644)
            }
        }
        try Files.write(Array("CONTENT".utf8), to: "\(two)/content")
        try Files.write(Array("much more".utf8), to: "\(two)/size", mode: 0o644)
        try Files.write(Array("longer than it was".utf8), to: "\(two)/log")
        chmod("\(two)/mode", 0o600)
        // Nobody writes to it: opening it for reading would wait for ever. The link leads out of the rootfs.
        mkfifo("\(two)/fifo", 0o644)
        symlink("\(one)/same", "\(two)/outside")
        func used(_ name: String, at path: String? = nil) throws -> UsedFile {
            let file = try Descriptor.open("\(one)/\(name)", O_RDONLY)
            let status = try file.status()
            return UsedFile(
                path: path ?? "/\(name)", mode: status.st_mode, size: name == "log" ? nil : Int(status.st_size),
                isMapped: name != "log",
                digest: FileDigest(seed: Self.seed).text(of: file, size: Int(status.st_size)) {})
        }
        let files = try [
            used("same"), used("content"), used("size"), used("mode"), used("log"), used("same", at: "/fifo"),
            used("same", at: "/outside"), used("same", at: "/../../one/same"),
        ]
        let problems = try Self.problems(in: two) { link in
            for message in UsedFilesMessage.all(of: files) { try link.send(.usedFiles, message) }
        }
        let text = try #require(problems.first)
        for words in ["/content (content)", "/size (size)", "/mode (mode)", "/fifo (is of another kind)"] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(text.contains("/outside (is not there) and 1 more"), "\(text)")
        #expect(!text.contains("/same") && !text.contains("/log"))
    }

    @Test(
        "lists and words without bound are refused",
        arguments: [
            "relative", "long path", "negative", "too many", "no key", "no end", "negative memory", "endless mounts",
        ])
    func hostile(_ attack: String) async throws {
        let folder = try TemporaryFolder()
        let (here, there) = try Descriptor.socketPair()
        let sending = Task {
            try await onThread("source") {
                let source = Link(input: here, output: here)
                // A receiver that refuses is gone in the middle of it.
                try? Self.send(attack, over: source)
                source.shutDown()
            }
        }
        await #expect(throws: MigrateError.self) {
            try await onThread("receiver") {
                let link = Link(input: there, output: there)
                defer { link.shutDown() }
                let root = try Descriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
                _ = try HandoverChecks(from: link).fileProblems(root, at: "/b")
            }
        }
        try await sending.value
    }

    private static func send(_ attack: String, over link: Link) throws {
        var needs = try needs()
        var file = UsedFile(path: "/a", mode: 0, size: 1, isMapped: true)
        switch attack {
        case "relative": file.path = "../a"
        case "long path": file.path = "/" + String(repeating: "a", count: 5000)
        case "negative": file.size = -1
        case "no key": needs.digestSeed = [1]
        case "negative memory": needs.memory = -1
        case "endless mounts":
            needs.config.mounts = (0..<5000).map { .init(destination: "/\($0)", type: nil, isBind: true) }
        default: break
        }
        try link.send(.needs, needs)
        if attack == "too many" {
            let many = (0..<4000).map { UsedFile(path: "/\($0)", mode: 0, size: nil, isMapped: false) }
            for _ in 0..<17 { try link.send(.usedFiles, UsedFilesMessage(files: many, isLast: false)) }
        }
        try link.send(.usedFiles, UsedFilesMessage(files: [file], isLast: attack != "no end"))
    }

    @Test("a receiver that reads large files says between their pieces that it lives")
    func progress() throws {
        let folder = try TemporaryFolder()
        try Files.write([UInt8](repeating: 1, count: 3 << 20), to: "\(folder.path)/large", mode: 0o644)
        let (here, there) = try Descriptor.socketPair()
        let link = Link(input: here, output: here)
        try link.send(.needs, Self.needs())
        let file = UsedFile(path: "/large", mode: S_IFREG | 0o644, size: 3 << 20, isMapped: true)
        try link.send(.usedFiles, UsedFilesMessage(files: [file], isLast: true))
        let root = try Descriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
        let checks = try HandoverChecks(from: Link(input: there, output: there), interval: .zero)
        #expect(try checks.fileProblems(root, at: "/b").count == 1)
        for _ in 1...4 { #expect(try link.receive()?.kind == .checking) }
    }

    @Test("a receiver that still looks is waited for; one that has too much to say is cut short")
    func answers() throws {
        let (here, there) = try Descriptor.socketPair()
        let receiver = Link(input: there, output: there)
        for _ in 1...3 { try receiver.send(.checking, CheckingMessage()) }
        try receiver.send(.welcome, WelcomeMessage(bundle: "/b"))
        let link = Link(input: here, output: here)
        var checks = 0
        #expect(try link.expect(.welcome, as: WelcomeMessage.self) { checks += 1 }.bundle == "/b")
        #expect(checks == 3)
        try receiver.send(.checking, CheckingMessage())
        #expect(throws: MigrateError.self) { try link.expect(.welcome, as: WelcomeMessage.self) }
        let problems = Preflight.bounded((0..<1000).map { "\($0)\u{1b}[31m" + String(repeating: "x", count: 10_000) })
        #expect(problems.count == 51)
        #expect(problems.allSatisfy { $0.count <= 1024 && !$0.contains("\u{1b}") })
        #expect(problems[50] == "and 950 more")
        do {
            try Preflight.check("c", here: ["a"], there: ["b"])
            Issue.record("nothing was thrown")
        } catch {
            #expect("\(error)" == "container c cannot be moved, and runs on: (1) here: a; (2) at the receiver: b")
        }
    }
}
