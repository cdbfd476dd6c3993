/// Sends one page set over a link: each page as it is, or as unchanged where the set before holds the same content at
/// the same address. Records what the destination then holds.
///
/// Used by one thread at a time.
final class PageSetSender {
    private let link: Link
    private let hasher: PageHasher
    private var known: PageIndex
    private var digest: PageSetDigest
    private var memory: MemoryID?
    /// Run of unchanged pages that is not sent yet.
    private var unchangedRun: (address: UInt64, pages: UInt64) = (0, 0)

    /// The hashes of this set's pages: the next set is compared with them.
    private(set) var index = PageIndex()
    private(set) var sentPages = 0
    private(set) var unchangedPages = 0

    /// - Parameter known: the page set before, empty for the first.
    init(number: Int, link: Link, hasher: PageHasher, known: PageIndex) throws {
        self.link = link
        self.hasher = hasher
        self.known = known
        digest = PageSetDigest(hasher)
        try link.send(.pageSetBegin, PageSetBeginMessage(number: number))
    }

    /// The pages that follow belong to `memory`.
    func begin(_ memory: MemoryID) throws {
        try flush()
        self.memory = memory
        var head: [UInt8] = []
        withUnsafeBytes(of: memory.number.littleEndian) { head.append(contentsOf: $0) }
        head.append(memory.kind.rawValue)
        try link.send(.memory, head: head)
    }

    /// Takes whole pages, at most a batch, that lie at `address` and after.
    func add(_ address: UInt64, _ bytes: UnsafeRawBufferPointer) throws {
        guard let memory else { preconditionFailure("pages before their memory") }
        var changed: Int? = nil
        for offset in stride(from: 0, to: bytes.count, by: Page.size) {
            let page = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Page.size)])
            let pageAddress = address + UInt64(offset)
            let hash = hasher.hash(page)
            let same = known.hash(memory, pageAddress) == hash
            index.append(memory, pageAddress, hash)
            digest.add(memory, pageAddress, same ? nil : hash)
            if same {
                if let start = changed { try send(address, bytes, start..<offset) }
                changed = nil
                try addUnchanged(pageAddress)
            } else if changed == nil {
                changed = offset
            }
        }
        if let start = changed { try send(address, bytes, start..<bytes.count) }
    }

    /// Refers to pages that are as in the set before, without a look at their contents.
    /// - Returns: false, and nothing done, where the set before does not hold all of them.
    func keep(_ address: UInt64, _ pages: Int) throws -> Bool {
        guard let memory else { preconditionFailure("pages before their memory") }
        let addresses = (0..<pages).map { address + UInt64($0 * Page.size) }
        let hashes = addresses.compactMap { known.hash(memory, $0) }
        guard hashes.count == pages else { return false }
        for (address, hash) in zip(addresses, hashes) {
            index.append(memory, address, hash)
            digest.add(memory, address, nil)
            try addUnchanged(address)
        }
        return true
    }

    /// Ends the set, with counts and digest for the receiver to check.
    func finish() throws -> PageSetEndMessage {
        try flush()
        let end = PageSetEndMessage(pages: sentPages, unchanged: unchangedPages, digest: digest.text)
        try link.send(.pageSetEnd, end)
        return end
    }

    private func send(_ address: UInt64, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
        try flush()
        var head: [UInt8] = []
        withUnsafeBytes(of: (address + UInt64(range.lowerBound)).littleEndian) { head.append(contentsOf: $0) }
        try link.send(.pages, head: head, body: UnsafeRawBufferPointer(rebasing: bytes[range]))
        sentPages += range.count / Page.size
    }

    private func addUnchanged(_ address: UInt64) throws {
        if unchangedRun.pages > 0, unchangedRun.address + unchangedRun.pages * UInt64(Page.size) == address {
            unchangedRun.pages += 1
        } else {
            try flush()
            unchangedRun = (address, 1)
        }
        unchangedPages += 1
    }

    private func flush() throws {
        guard unchangedRun.pages > 0 else { return }
        var head: [UInt8] = []
        withUnsafeBytes(of: unchangedRun.address.littleEndian) { head.append(contentsOf: $0) }
        withUnsafeBytes(of: unchangedRun.pages.littleEndian) { head.append(contentsOf: $0) }
        try link.send(.unchanged, head: head)
        unchangedRun.pages = 0
    }
}
