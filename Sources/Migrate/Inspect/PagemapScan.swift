internal import LinuxSystem

/// One pass over a pagemap, which may be longer than memory: what it comes to, and on demand which pages it has.
struct PagemapScan {
    /// 64 MiB of runs; a process of 32 GB that has every second page takes as many.
    static let runLimit = 4 << 20

    /// Which runs are remembered.
    enum Remembered {
        case none
        /// Those that the parent has to have.
        case inParent
        /// Those that can be read from here on.
        case readable
    }

    struct Run {
        var address: UInt64
        var end: UInt64
    }

    private enum Flag {
        static let parent: UInt64 = 1
        static let lazy: UInt64 = 2
        static let present: UInt64 = 4
    }

    private(set) var pages = Checkpoint.Pages()
    /// N of the `pages-N.img` that holds the present pages.
    private(set) var pagesID: UInt64 = 0
    /// Ascending, joined where they touch.
    private(set) var runs: [Run] = []
    /// Newer versions may compress: the pages file is shorter then.
    private(set) var isCompressed = false

    init(_ images: ImageFolder, _ name: String, remembering: Remembered) throws {
        var isHead = true
        try images.scan(name, .pagemap) { record in
            if isHead {
                isHead = false
                pagesID = try ProtobufMessage(record[...]).required(1, "number of its pages image")
            } else {
                try add(record, remembering)
            }
        }
        if isHead { throw images.malformed(name, "it has no head") }
        try sort(images, name)
    }

    private mutating func add(_ record: [UInt8], _ remembering: Remembered) throws {
        var address: UInt64?
        var short: UInt64?
        var isInParent = false
        var flags: UInt64?
        var long: UInt64?
        var reader = ProtobufReader(record[...])
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .varint(let value)): address = value
            case (2, .varint(let value)): short = value
            case (3, .varint(let value)): isInParent = value != 0
            case (4, .varint(let value)): flags = value
            case (5, .varint(let value)): long = value
            case (6, _), (7, _): isCompressed = true
            default: break
            }
        }
        // Field 5 is the count since CRIU 4; before, field 2 was.
        guard let address, let count = long ?? short, count < 1 << 40, address % UInt64(Page.size) == 0 else {
            throw MigrateError(.malformed, "it has an impossible entry")
        }
        let (end, overflow) = address.addingReportingOverflow(count * UInt64(Page.size))
        guard !overflow else { throw MigrateError(.malformed, "it has an entry beyond the end of memory") }
        // Without flags an entry is present, or in the parent where field 3 says so.
        let kind = flags ?? (isInParent ? Flag.parent : Flag.present)
        pages.entries += 1
        let isRemembered: Bool
        if kind & Flag.parent != 0 {
            pages.inParent &+= count
            isRemembered = remembering != .none
        } else if kind & Flag.present != 0 {
            pages.present &+= count
            isRemembered = remembering == .readable
        } else {
            pages.lazy &+= count
            isRemembered = false
        }
        if isRemembered, count > 0 { try remember(Run(address: address, end: end)) }
    }

    private mutating func remember(_ run: Run) throws {
        if let last = runs.last, last.end == run.address {
            runs[runs.count - 1].end = run.end
            return
        }
        guard runs.count < Self.runLimit else {
            throw MigrateError(.malformed, "it has more than \(Self.runLimit) separate runs of pages")
        }
        runs.append(run)
    }

    private mutating func sort(_ images: ImageFolder, _ name: String) throws {
        runs.sort { $0.address < $1.address }
        for (run, next) in zip(runs, runs.dropFirst()) where run.end > next.address {
            throw images.malformed(name, "page \(Checkpoint.Address(next.address)) stands twice")
        }
    }

    /// The first page of `self` that `parent` does not have; nil where it has them all.
    func firstMissing(in parent: PagemapScan) -> UInt64? {
        var rest = parent.runs[...]
        for run in runs {
            var address = run.address
            while address < run.end {
                while let first = rest.first, first.end <= address { rest.removeFirst() }
                guard let first = rest.first, first.address <= address else { return address }
                address = first.end
            }
        }
        return nil
    }
}
