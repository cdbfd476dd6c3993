internal import CXXHash
internal import Glibc

/// The unit of everything here. CRIU's images count in the machine's page size, which is 4096 bytes on x86-64 and on
/// the arm64 kernels that CRIU supports with it.
enum Page {
    static let size = 4096
    /// Pages that are read, hashed and sent at a time: 1 MiB, small enough to stay in the processor's cache.
    static let batch = 256
}

/// What a set of pages belongs to. The numbers are those of CRIU's page-server protocol (`PS_TYPE_PID` …).
struct MemoryID: Hashable, Sendable, CustomStringConvertible {
    enum Kind: UInt8, Sendable {
        case process = 1
        case sharedMemory = 2
    }

    var kind: Kind
    /// The process id inside the container's pid namespace, or the id of the shared memory object.
    var number: UInt64

    /// The name of its pagemap among CRIU's images.
    var pagemapName: String {
        switch kind {
        case .process: "pagemap-\(number).img"
        case .sharedMemory: "pagemap-shmem-\(number).img"
        }
    }

    var description: String { kind == .process ? "process \(number)" : "shared memory \(number)" }
}

/// A keyed 128-bit hash of a page.
struct PageHash: Hashable, Sendable {
    var low: UInt64
    var high: UInt64
}

/// XXH3-128 with a secret that is fresh for each migration, so that nobody can prepare two pages that look the same.
struct PageHasher: Sendable {
    static let seedSize = 64
    private let secret: [UInt8]

    /// - Parameter seed: at least 64 bytes; both ends of a migration use the same.
    init(seed: [UInt8]) {
        var secret = [UInt8](repeating: 0, count: 192)
        let result = blt_xxh3_make_secret(&secret, secret.count, seed, seed.count)
        precondition(result == 0, "XXH3 refuses a secret of 192 bytes")
        self.secret = secret
    }

    static func randomSeed() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<seedSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    func hash(_ bytes: UnsafeRawBufferPointer) -> PageHash {
        var hash = PageHash(low: 0, high: 0)
        secret.withUnsafeBytes { secret in
            blt_xxh3_128(bytes.baseAddress, bytes.count, secret.baseAddress, secret.count, &hash.low, &hash.high)
        }
        return hash
    }

    /// The hash of each of some pages.
    func hashes(ofPages bytes: UnsafeRawBufferPointer) -> [PageHash] {
        stride(from: 0, to: bytes.count, by: Page.size).map { offset in
            hash(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Page.size)]))
        }
    }
}

/// The digest of a whole page set, in order: each page's hash and address, or each run of pages that were only named,
/// folded into what came before.
struct PageSetDigest: Sendable {
    enum Run: UInt64 {
        case unchanged = 1
        case zeros = 2
    }

    private let hasher: PageHasher
    private var words: [UInt64] = [0, 0, 0, 0, 0, 0]

    init(_ hasher: PageHasher) {
        self.hasher = hasher
    }

    mutating func add(_ memory: MemoryID, _ address: UInt64, _ hash: PageHash) {
        fold(memory, address, hash.low, hash.high)
    }

    /// Pages without a hash. However many they are, they cost one step: their count is the sender's word.
    mutating func add(_ memory: MemoryID, _ address: UInt64, _ run: Run, _ pages: UInt64) {
        fold(memory, address | run.rawValue, pages, 0)
    }

    private mutating func fold(_ memory: MemoryID, _ address: UInt64, _ low: UInt64, _ high: UInt64) {
        words[2] = memory.number << 8 | UInt64(memory.kind.rawValue)
        words[3] = address
        words[4] = low
        words[5] = high
        let folded = words.withUnsafeBytes { hasher.hash($0) }
        words[0] = folded.low
        words[1] = folded.high
    }

    var text: String { String(words[0], radix: 16) + "-" + String(words[1], radix: 16) }
}
