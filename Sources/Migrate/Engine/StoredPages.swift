internal import Glibc
internal import LinuxSystem

/// Where the pages lie that a source has sent, by their number in the order in which they came: what it refers to.
struct StoredPages {
    /// A page of a pages file.
    struct Place {
        var set: Int
        var pagesID: UInt32
        var page: Int
    }

    private let root: String
    /// Pages in a row, in number and in file; ascending.
    private var runs: [(first: UInt64, place: Place)] = []
    private var count: UInt64 = 0
    /// The file that was read last: references to one come together.
    private var opened: (place: Place, file: Descriptor)?

    init(root: String) {
        self.root = root
    }

    static func path(_ root: String, _ set: Int, _ pagesID: UInt32) -> String { "\(root)/\(set)/pages-\(pagesID).img" }

    /// Notes that the next numbers are these pages.
    mutating func append(pages: Int, at place: Place) {
        if let last = runs.last, last.place.set == place.set, last.place.pagesID == place.pagesID,
            UInt64(place.page - last.place.page) == count - last.first
        {
            count += UInt64(pages)
            return
        }
        runs.append((count, place))
        count += UInt64(pages)
    }

    /// Where the page with a number is, and how many from there on are pages in a row.
    /// - Throws: where no page has that number.
    func place(of number: UInt64) throws(MigrateError) -> (place: Place, following: Int) {
        guard number < count else {
            throw MigrateError(.malformed, "a page is called the copy of one that was never sent")
        }
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].first <= number { low = middle + 1 } else { high = middle }
        }
        let run = runs[low - 1]
        let end = low < runs.count ? runs[low].first : count
        var place = run.place
        place.page += Int(number - run.first)
        return (place, Int(end - number))
    }

    /// The file that a page is in, for reading.
    mutating func file(of place: Place) throws(SystemError) -> Descriptor {
        if let opened, opened.place.set == place.set, opened.place.pagesID == place.pagesID { return opened.file }
        let file = try Descriptor.open(Self.path(root, place.set, place.pagesID), O_RDONLY | O_NOFOLLOW)
        opened = (place, file)
        return file
    }
}
