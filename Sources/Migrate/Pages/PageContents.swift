internal import Synchronization

/// Every content that the destination was sent in this migration, by its hash: what it has need not cross again, for
/// whatever address. Contents have numbers, in the order in which they crossed; both ends count alike.
///
/// 16 bytes for the hash and about 8 for finding it.
final class PageContents: Sendable {
    /// Stands for a page of zeros, which never crosses.
    static let zeros = UInt32.max
    /// Stands for a content that the destination has and that cannot be named: there were too many.
    static let unnamed = UInt32.max - 1

    struct Table: Sendable {
        /// In pieces: an array that grows as a whole takes three times its size meanwhile.
        private var pieces: [[PageHash]] = []
        private var count: UInt32 = 0
        /// Open addressing; a number and one more, 0 where there is none.
        private var slots: [UInt32] = Array(repeating: 0, count: 1 << 10)

        private static let pieceBits = 14
        private static let pieceSize = 1 << pieceBits

        /// Whether the content with this number is `hash`.
        func holds(_ number: UInt32, _ hash: PageHash) -> Bool {
            number < count && self[number] == hash
        }

        private subscript(number: UInt32) -> PageHash {
            pieces[Int(number) >> Self.pieceBits][Int(number) & (Self.pieceSize - 1)]
        }

        /// The number of a content, or nil where the destination has not got it.
        func find(_ hash: PageHash) -> UInt32? {
            let found = slots[slot(of: hash)]
            return found == 0 ? nil : found - 1
        }

        /// Adds a content that is about to be sent, and that `find` does not find.
        /// - Returns: its number.
        mutating func append(_ hash: PageHash) -> UInt32 {
            let number = count
            guard number < PageContents.unnamed else { return PageContents.unnamed }
            if Int(number) & (Self.pieceSize - 1) == 0 {
                var piece: [PageHash] = []
                piece.reserveCapacity(Self.pieceSize)
                pieces.append(piece)
            }
            pieces[pieces.count - 1].append(hash)
            count += 1
            slots[slot(of: hash)] = number + 1
            if Int(count) * 4 > slots.count * 3 { grow() }
            return number
        }

        /// Where a content is, or would be.
        private func slot(of hash: PageHash) -> Int {
            // The hash is keyed: nobody can make contents that meet here.
            var slot = Int(truncatingIfNeeded: hash.low) & (slots.count - 1)
            while slots[slot] != 0, self[slots[slot] - 1] != hash { slot = (slot + 1) & (slots.count - 1) }
            return slot
        }

        private mutating func grow() {
            slots = Array(repeating: 0, count: slots.count * 2)
            for number in 0..<count { slots[slot(of: self[number])] = number + 1 }
        }
    }

    private let table = Mutex(Table())

    /// Gives access to the table; a page set's sender takes it for a batch at a time.
    func withTable<Value: Sendable>(_ body: (inout Table) throws -> Value) rethrows -> Value {
        try table.withLock { try body(&$0) }
    }
}
