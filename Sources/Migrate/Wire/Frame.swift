/// One message of a migration's byte stream: a header of 8 bytes, then the payload.
///
/// Header, little-endian: u32 length of the payload, u8 type, three zero bytes.
struct Frame {
    enum Kind: UInt8, Sendable {
        /// JSON: protocol version, container, hash key. Both directions.
        case hello = 1
        /// JSON: a page set begins.
        case pageSetBegin = 2
        /// Binary: the memory that the following pages belong to (u64 number, u8 kind).
        case memory = 3
        /// Binary: u64 address, then whole pages.
        case pages = 4
        /// Binary: u64 address, u64 count of pages that are as in the page set before.
        case unchanged = 5
        /// Binary: u64 address, u64 count of pages that are full of zeros.
        case zeros = 20
        /// Binary: u64 address, then for each page the u64 number of the page that had the same content: those that came
        /// in `pages` are numbered from 0, over all sets.
        case copies = 21
        /// Binary: u64 address, u64 count of pages (at most a batch), then these, as one zstd frame (RFC 8878). As `pages`.
        case packed = 22
        /// JSON: what the container needs of a receiver that is a process of its own; follows `hello`.
        case needs = 23
        /// JSON: files of the rootfs that it uses; the last of these ends what the receiver has to look at.
        case usedFiles = 24
        /// JSON: the receiver is still looking.
        case checking = 25
        /// JSON: a page set ends; its counts and digest.
        case pageSetEnd = 6
        /// JSON: name and size of a small image; its bytes follow in `data` frames.
        case file = 7
        case data = 8
        /// JSON: that was the last image.
        case imagesEnd = 12
        /// JSON: the source's container is gone, start it here.
        case restore = 9
        /// JSON: the answer to a message that wants one.
        case answer = 10
        /// JSON: why the sender gives up.
        case failure = 11
        /// JSON: the answer to `hello`.
        case welcome = 13
        /// JSON: restore the container, and keep it from running.
        case prepare = 14
        /// JSON: the prepared container is yours, let it run.
        case go = 15
        /// JSON: whose the container of a migration is.
        case owner = 16
        /// JSON: the source has nothing left; what the receiver keeps for its questions can go.
        case done = 17
        /// JSON: all memory of the container is there.
        case filled = 18
    }

    static let headerSize = 8
    /// Large enough for a batch of pages and its address; whatever is longer is an error, not an allocation.
    static let payloadLimit = Page.batch * Page.size + 64

    /// Pages that a `copies` frame names at the most.
    static let copyLimit = 4096

    var kind: Kind
    var payload: [UInt8]

    /// Words as they stand in a payload.
    static func words(_ words: UInt64...) -> [UInt8] { self.words(words) }

    static func words(_ words: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }
}
