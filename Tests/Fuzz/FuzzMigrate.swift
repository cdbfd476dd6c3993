internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// The target of libFuzzer for what reaches a migration from outside: a source's stream, what it says beforehand that its
/// container needs, a receiver's answer to that, a client of the page server, a folder of images. Whatever the bytes are, the answer is an error or a result; nothing is written but below the store,
/// and there no more than was sent.
///
/// The first byte chooses who gets the others.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMigrate(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
    do {
        switch data[0] % 6 {
        case 0: try Stage.shared.receive(bytes)
        case 1: try Stage.shared.receive(Stage.framed(bytes))
        case 2: try Stage.shared.servePages(bytes)
        case 4: try Stage.shared.look(bytes)
        case 5: try Stage.shared.answer(bytes)
        default: try Stage.shared.inspect(bytes)
        }
    } catch {
        // The harness itself has failed: no file, no port.
        fatalError("\(error)")
    }
    return 0
}

/// Before the first input: writes valid ones into the folder that `$BUNDLETOOL_FUZZ_SEEDS` names.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzMigrateInitialize(_: UnsafeMutableRawPointer, _: UnsafeMutableRawPointer) -> CInt {
    signal(SIGPIPE, SIG_IGN)
    guard let folder = getenv("BUNDLETOOL_FUZZ_SEEDS") else { return 0 }
    do {
        for (name, seed) in try Seeds.all() { try Files.write(seed, to: "\(String(cString: folder))/\(name)") }
    } catch {
        fatalError("\(error)")
    }
    return 0
}

/// The folder that everything happens in, `$BUNDLETOOL_FUZZ_FOLDER`: a store, images, and a canary beside them.
private struct Stage {
    static let shared: Stage = {
        do { return try Stage() } catch { fatalError("\(error)") }
    }()

    private static let canary = Array("nobody writes here\n".utf8)
    private let folder: String

    private init() throws {
        folder = String(cString: getenv("BUNDLETOOL_FUZZ_FOLDER"))
        try Files.write(Self.canary, to: "\(folder)/canary")
        try Files.makeFolder("\(folder)/store")
        try Files.makeFolder("\(folder)/images")
        try Files.makeFolder("\(folder)/rootfs")
        try Files.write(Array("content".utf8), to: "\(folder)/rootfs/file", mode: 0o644)
        mkfifo("\(folder)/rootfs/fifo", 0o644)
        symlink("/../canary", "\(folder)/rootfs/out")
        symlink("loop", "\(folder)/rootfs/loop")
    }

    /// What a hostile source says that its container needs.
    func look(_ bytes: [UInt8]) throws {
        let (here, there) = try Descriptor.socketPair()
        try here.write(all: bytes)
        shutdown(here.raw, Int32(SHUT_WR))
        let rootfs = try Descriptor.open("\(folder)/rootfs", O_RDONLY | O_DIRECTORY)
        let spec = try RuntimeSpec(parsing: Seeds.config)
        guard let checks = try? HandoverChecks(from: Link(input: there, output: there), interval: .zero) else { return }
        let found = checks.problems(of: spec, at: folder) + (checks.needs.processor?.problems() ?? [])
        let files = (try? checks.fileProblems(rootfs, at: folder)) ?? []
        // Whatever was sent, the answer fits into a frame.
        let nowhere = try Descriptor.open("/dev/null", O_RDWR)
        try Link(input: nowhere, output: nowhere).send(
            .welcome, WelcomeMessage(bundle: folder, problems: Preflight.bounded(found + files)))
        guard try Files.names(in: folder) == ["canary", "images", "rootfs", "store"],
            try Files.names(in: "\(folder)/rootfs") == ["fifo", "file", "loop", "out"]
        else { fatalError("something was written where all was to be read") }
    }

    /// A hostile receiver's answer.
    func answer(_ bytes: [UInt8]) throws {
        let (here, there) = try Descriptor.socketPair()
        try there.write(all: bytes)
        shutdown(there.raw, Int32(SHUT_WR))
        let link = Link(input: here, output: here)
        guard let welcome = try? link.explaining({ try link.expect(.welcome, as: WelcomeMessage.self) {} }) else {
            return
        }
        guard Preflight.bounded(welcome.problems).allSatisfy({ $0.utf8.count <= 4096 && !$0.contains("\u{1b}") }) else {
            fatalError("an answer that is too long, or not printable")
        }
    }

    /// A hostile source.
    func receive(_ bytes: [UInt8]) throws {
        let (here, there) = try Descriptor.socketPair()
        try here.write(all: bytes)
        shutdown(here.raw, Int32(SHUT_WR))
        let link = Link(input: there, output: there)
        let receiver = Receiver(link: link, storeFolder: "\(folder)/store", target: NoTarget())
        try? blocking { try await receiver.run() }
        // A copy of a page is named in 8 bytes.
        try check("store", limit: Page.size / 8 * bytes.count + (1 << 16))
    }

    /// A hostile client of the page server.
    func servePages(_ bytes: [UInt8]) throws {
        let server = try PageServer()
        let client = try Descriptor.connectToLoopback(port: server.port)
        // Its port is free again at once.
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client.raw, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        try client.write(all: bytes)
        shutdown(client.raw, Int32(SHUT_WR))
        let sender = try Self.sender()
        _ = try? server.serve(to: sender) { _ = try sender.finish() }
    }

    private static func sender() throws -> PageSetSender {
        let nowhere = try Descriptor.open("/dev/null", O_RDWR)
        return try PageSetSender(
            number: 1, link: Link(input: nowhere, output: nowhere), hasher: PageHasher(seed: Seeds.hashSeed),
            known: PageIndex())
    }

    /// A hostile folder of images: names from a list, each with its bytes.
    func inspect(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while rest.count >= 3 {
            let name = Seeds.images[Int(rest.removeFirst()) % Seeds.images.count]
            let size = min(Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8, rest.count)
            try Files.write(Array(rest.prefix(size)), to: "\(folder)/images/\(name)")
            rest = rest.dropFirst(size)
        }
        _ = try? Checkpoint(readingFolder: "\(folder)/images", countingZeros: true)
        try? TimerImage.rearm(in: "\(folder)/images")
        let lazy = LazyImages(folder: "\(folder)/images")
        _ = try? lazy.runs()
        if (try? lazy.mark()) != nil { _ = try? lazy.runs() }
        try? FrozenMemory(images: "\(folder)/images", processes: []).send(to: Self.sender())
        try check("images", limit: .max)
    }

    /// Empties a folder, after a look at what is in it and beside it.
    private func check(_ name: String, limit: Int) throws {
        guard try Files.contents(of: "\(folder)/canary") == Self.canary,
            try Files.names(in: folder) == ["canary", "images", "rootfs", "store"]
        else { fatalError("something was written outside the store") }
        let directory = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
        if limit < .max, try size(of: "\(folder)/\(name)") > limit { fatalError("more was stored than was sent") }
        try directory.removeTree(FileName(name))
        try Files.makeFolder("\(folder)/\(name)")
    }

    private func size(of path: String) throws -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        // Zeros are holes.
        guard status.st_mode & S_IFMT == S_IFDIR else { return min(status.st_size, Int(status.st_blocks) * 512) }
        return try Files.names(in: path).reduce(0) { try $0 + size(of: "\(path)/\($1)") }
    }

    /// Frames with right headers, so that what is wrong is inside: kind, length, payload; pages are told by their count.
    static func framed(_ bytes: [UInt8]) -> [UInt8] {
        var rest = bytes[...]
        var stream = Seeds.greeting
        while rest.count >= 2, stream.count < 150_000 {
            let kind = rest.removeFirst()
            var payload = Array(rest.prefix(Int(rest.removeFirst())))
            rest = rest.dropFirst(payload.count)
            if kind == Frame.Kind.pages.rawValue, payload.count > 8 {
                let pages = Int(payload[8] % 4) + 1
                payload = payload.prefix(8) + [UInt8](repeating: payload[payload.count - 1], count: pages * Page.size)
            }
            ImageFile.append(UInt32(payload.count), to: &stream)
            stream += [kind, 0, 0, 0] + payload
        }
        return stream
    }
}

/// Takes every order, and starts nothing.
private struct NoTarget: RestoreTarget, PreparedContainer {
    var bundle: String { "/bundle" }
    func restore(id: String, images: String) async throws {}
    func prepare(id: String, images: String, as: LazyRestore.Options) async throws -> any PreparedContainer { self }
    func accept() throws {}
    func run() async throws {}
    func filled() async throws -> MigrationReport.Fill? { nil }
    func abandon() async {}
    func forget() {}
}

/// What a well-behaved source, CRIU and a dump would send.
private enum Seeds {
    static let hashSeed = [UInt8](repeating: 7, count: PageHasher.seedSize)
    static let config = Array(
        #"{"ociVersion": "1.0.2", "mounts": [{"destination": "/proc", "type": "proc"}], "linux": {"namespaces": [{"type": "pid"}]}}"#
            .utf8)
    static let images = [
        "inventory.img", "pstree.img", "core-1.img", "ids-1.img", "mm-1.img", "fs-1.img", "files.img", "fdinfo-1.img",
        "pagemap-1.img", "pages-1.img", "pagemap-shmem-1.img", "tcp-stream-1.img", "utsns-1.img", "stats-dump",
    ]

    static let greeting: [UInt8] = {
        do {
            return try captured { try $0.send(.hello, HelloMessage(container: "c", hashSeed: hashSeed)) }
        } catch { fatalError("\(error)") }
    }()

    private static func stream(_ end: (Link) throws -> Void) throws -> [UInt8] {
        try captured { link in
            try link.send(.hello, HelloMessage(container: "c", hashSeed: hashSeed))
            let page = [UInt8](repeating: 1, count: 2 * Page.size) + [UInt8](repeating: 0, count: 2 * Page.size)
            var known = PageIndex()
            let text = Array((0..<2000).map { "line \($0)" }.joined().utf8.prefix(2 * Page.size))
            for number in 1...2 {
                let sender = try PageSetSender(
                    number: number, link: link, hasher: PageHasher(seed: hashSeed), known: known,
                    packer: PagePacker(.zstd, rate: nil, isLocal: true))
                try sender.begin(MemoryID(kind: .process, number: 1))
                try page.withUnsafeBytes { try sender.add(0x10000 * UInt64(number), $0) }
                try text.withUnsafeBytes { try sender.add(0x40000, $0) }
                _ = try sender.finish()
                known = sender.index
            }
            try link.send(.file, FileMessage(name: "core-1.img", size: 3))
            try link.send(.data, head: [7, 8, 9])
            try link.send(.imagesEnd, ImagesEndMessage(count: 1))
            try end(link)
        }
    }

    static func all() throws -> [String: [UInt8]] {
        let local = try stream { try $0.send(.restore, RestoreMessage()) }
        let handedOver = try stream { link in
            for order in [.prepare, .go, .done] as [Frame.Kind] { try link.send(order, RestoreMessage()) }
        }
        let needs = try captured { link in
            let features = Processor(architecture: Processor.here().architecture, features: ["fpu"])
            try link.send(
                .needs,
                NeedsMessage(
                    memory: 1, hasConnections: false, criu: "4.2", processor: features,
                    config: ConfigNeeds(try RuntimeSpec(parsing: config)), digestSeed: hashSeed))
            let files = ["/file", "/fifo", "/out", "/loop", "/.."].map {
                UsedFile(path: $0, mode: S_IFREG | 0o644, size: 7, isMapped: true, digest: "1-2")
            }
            try link.send(.usedFiles, UsedFilesMessage(files: files, isLast: false))
            try link.send(.usedFiles, UsedFilesMessage(files: [], isLast: true))
        }
        let answer = try captured { link in
            try link.send(.checking, CheckingMessage())
            try link.send(.welcome, WelcomeMessage(bundle: "/b", problems: ["a", "b"]))
        }
        func request(_ command: UInt32, _ pages: UInt64) -> [UInt8] {
            var bytes: [UInt8] = []
            ImageFile.append(command, to: &bytes)
            ImageFile.append(0, to: &bytes)
            for word in [pages, 0x10000, 1 << 8 | 1] as [UInt64] {
                withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
            }
            return bytes
        }
        let client =
            request(4, 0) + request(6 | 4 << 16, 1) + [UInt8](repeating: 3, count: Page.size) + request(0x1023, 0)
        return [
            "local": [0] + local, "handed-over": [0] + handedOver, "client": [2] + client, "needs": [4] + needs,
            "answer": [5] + answer, "folder": [3] + folder(),
            "frames": [1] + frame(.pageSetBegin, Array(#"{"number":1}"#.utf8))
                + frame(.memory, [1, 0, 0, 0, 0, 0, 0, 0, 1])
                + frame(.pages, Frame.words(0x10000) + [2, 5]) + frame(.zeros, Frame.words(0x20000, 3))
                + frame(.copies, Frame.words(0x30000, 1, 0)) + frame(.unchanged, Frame.words(0x40000, 1)),
        ]
    }

    /// As `Stage.framed` reads it.
    private static func frame(_ kind: Frame.Kind, _ payload: [UInt8]) -> [UInt8] {
        [kind.rawValue, UInt8(payload.count)] + payload
    }

    private static func folder() -> [UInt8] {
        func image(_ magic: ImageFolder.Magic, _ records: [[(UInt64, UInt64)]]) -> [UInt8] {
            var bytes: [UInt8] = []
            for word in magic.words { ImageFile.append(word, to: &bytes) }
            for record in records {
                var writer = ProtobufWriter()
                for (number, value) in record { writer.field(number, value) }
                ImageFile.append(UInt32(writer.bytes.count), to: &bytes)
                bytes += writer.bytes
            }
            return bytes
        }
        let contents: [String: [UInt8]] = [
            "inventory.img": image(.inventory, [[(1, 2)]]),
            "pstree.img": image(.pstree, [[(1, 1), (2, 0), (3, 1), (4, 1), (5, 1)]]),
            "core-1.img": image(.core, [[(1, 1)]]), "ids-1.img": image(.ids, [[(1, 1), (2, 1), (3, 1), (4, 1)]]),
            "mm-1.img": image(.mm, [[(12, 1)]]), "fs-1.img": image(.fs, [[(1, 1), (2, 1)]]),
            "files.img": image(.files, [[(1, 1), (2, 1)]]),
            "fdinfo-1.img": image(.fdinfo, [[(1, 1), (2, 0), (3, 1), (4, 0)]]),
            "pagemap-1.img": image(.pagemap, [[(1, 1)], [(1, 0x1000), (2, 1), (4, 2), (5, 1)]]),
            "tcp-stream-1.img": image(.tcpStream, [[(1, 0), (3, 0)]]), "stats-dump": image(.stats, [[(1, 1)]]),
        ]
        return images.indices.flatMap { index -> [UInt8] in
            guard let bytes = contents[images[index]] else { return [] }
            return [UInt8(index), UInt8(bytes.count & 0xff), UInt8(bytes.count >> 8)] + bytes
        }
    }

    private static func captured(_ send: (Link) throws -> Void) throws -> [UInt8] {
        let (here, there) = try Descriptor.socketPair()
        try send(Link(input: here, output: here))
        shutdown(here.raw, Int32(SHUT_WR))
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = try bytes.withUnsafeMutableBytes { try there.readFully(into: $0) }
        return Array(bytes.prefix(count))
    }
}
