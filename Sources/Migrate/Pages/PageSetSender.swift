/// Sends one page set over a link: each page as it is, or by name where the destination has the same content: at the same
/// address in the set before, from anywhere else, or zeros. Records what the destination then holds.
///
/// Used by one thread at a time.
final class PageSetSender {
    /// Pages in a row that are named, and not sent yet.
    private enum Run {
        case counted(PageSetDigest.Run, address: UInt64, pages: UInt64)
        case copies(address: UInt64, numbers: [UInt32])
    }

    private let link: Link
    private let packer: PagePacker?
    let hasher: PageHasher
    private let zeroHash: PageHash
    private var known: PageIndex
    private var digest: PageSetDigest
    private var memory: MemoryID?
    private var run: Run?

    /// What the destination holds after this set: the next set is compared with it.
    private(set) var index: PageIndex
    private(set) var counts = PageCounts()

    /// - Parameters:
    ///   - known: the page set before, empty for the first.
    ///   - packer: compresses pages; nil sends them as they are.
    init(number: Int, link: Link, hasher: PageHasher, known: PageIndex, packer: PagePacker? = nil) throws {
        self.link = link
        self.packer = packer
        self.hasher = hasher
        self.known = known
        zeroHash = [UInt8](repeating: 0, count: Page.size).withUnsafeBytes { hasher.hash($0) }
        index = PageIndex(known.contents)
        digest = PageSetDigest(hasher)
        try link.send(.pageSetBegin, PageSetBeginMessage(number: number))
    }

    /// The pages that follow belong to `memory`.
    func begin(_ memory: MemoryID) throws {
        try flush()
        self.memory = memory
        var head = Frame.words(memory.number)
        head.append(memory.kind.rawValue)
        try link.send(.memory, head: head)
    }

    /// Whether there was a set before, so that most pages are named and not sent.
    var hasKnownPages: Bool { known.pages > 0 }

    /// Takes whole pages, at most a batch, that lie at `address` and after.
    func add(_ address: UInt64, _ bytes: UnsafeRawBufferPointer) throws {
        try add(address, bytes, hasher.hashes(ofPages: bytes))
    }

    /// - Parameter hashes: of each page.
    func add(_ address: UInt64, _ bytes: UnsafeRawBufferPointer, _ hashes: [PageHash]) throws {
        guard let memory else { preconditionFailure("pages before their memory") }
        var changed: Int? = nil
        func sendChanged(before end: Int) throws {
            if let start = changed { try send(memory, address, bytes, start..<end, hashes) }
            changed = nil
        }
        try known.contents.withTable { contents in
            for (page, hash) in hashes.enumerated() {
                let pageAddress = address + UInt64(page * Page.size)
                let before = known.number(memory, pageAddress)
                var number = before ?? PageContents.unnamed
                if hash == zeroHash {
                    try sendChanged(before: page)
                    if number == PageContents.zeros { try addUnchanged(pageAddress) } else { try addZeros(pageAddress) }
                    number = PageContents.zeros
                } else if contents.holds(number, hash) {
                    try sendChanged(before: page)
                    try addUnchanged(pageAddress)
                } else if let found = contents.find(hash) {
                    try sendChanged(before: page)
                    number = found
                    try addCopy(memory, pageAddress, number, hash)
                } else {
                    number = contents.append(hash)
                    if changed == nil { changed = page }
                }
                index.append(memory, pageAddress, number)
            }
        }
        try sendChanged(before: hashes.count)
    }

    /// Refers to pages that are as in the set before, without a look at their contents.
    /// - Returns: false, and nothing done, where the set before does not hold all of them.
    func keep(_ address: UInt64, _ pages: Int) throws -> Bool {
        guard let memory else { preconditionFailure("pages before their memory") }
        guard let numbers = known.numbers(memory, address, count: pages) else { return false }
        index.append(memory, address, numbers)
        try addUnchanged(address, pages)
        return true
    }

    /// Ends the set, with counts and digest for the receiver to check.
    func finish() throws -> PageSetEndMessage {
        try flush()
        let end = PageSetEndMessage(counts: counts, digest: digest.text)
        try link.send(.pageSetEnd, end)
        return end
    }

    private func send(
        _ memory: MemoryID, _ address: UInt64, _ bytes: UnsafeRawBufferPointer, _ pages: Range<Int>,
        _ hashes: [PageHash]
    ) throws {
        try flush()
        let address = address + UInt64(pages.lowerBound * Page.size)
        let body = UnsafeRawBufferPointer(
            rebasing: bytes[(pages.lowerBound * Page.size)..<(pages.upperBound * Page.size)])
        if let packed = packer?.pack(body) {
            try link.send(.packed, head: Frame.words(address, UInt64(pages.count)), body: packed)
            counts.packed += pages.count
        } else {
            let start = ContinuousClock.now
            try link.send(.pages, head: Frame.words(address), body: body)
            packer?.wereSent(body.count, in: .now - start)
        }
        for (offset, page) in pages.enumerated() {
            digest.add(memory, address + UInt64(offset * Page.size), hashes[page])
        }
        counts.sent += pages.count
    }

    // MARK: Runs

    private func addUnchanged(_ address: UInt64, _ pages: Int = 1) throws {
        counts.unchanged += pages
        try add(.unchanged, address, pages)
    }

    private func addZeros(_ address: UInt64) throws {
        counts.zero += 1
        try add(.zeros, address)
    }

    private func add(_ name: PageSetDigest.Run, _ address: UInt64, _ count: Int = 1) throws {
        if case .counted(name, let start, let pages) = run, start + pages * UInt64(Page.size) == address {
            run = .counted(name, address: start, pages: pages + UInt64(count))
        } else {
            try flush()
            run = .counted(name, address: address, pages: UInt64(count))
        }
    }

    private func addCopy(_ memory: MemoryID, _ address: UInt64, _ number: UInt32, _ hash: PageHash) throws {
        counts.copied += 1
        if case .copies(let start, var numbers) = run, start + UInt64(numbers.count * Page.size) == address,
            numbers.count < Frame.copyLimit
        {
            run = nil
            numbers.append(number)
            run = .copies(address: start, numbers: numbers)
        } else {
            try flush()
            run = .copies(address: address, numbers: [number])
        }
        digest.add(memory, address, hash)
    }

    private func flush() throws {
        guard let run, let memory else { return }
        self.run = nil
        switch run {
        case .counted(let name, let address, let pages):
            digest.add(memory, address, name, pages)
            try link.send(name == .zeros ? .zeros : .unchanged, head: Frame.words(address, pages))
        case .copies(let address, let numbers):
            try link.send(.copies, head: Frame.words([address] + numbers.map { UInt64($0) }))
        }
    }
}
