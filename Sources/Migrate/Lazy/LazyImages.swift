internal import Glibc
internal import LinuxSystem

/// An image folder that a lazy restore reads: which of its pages may come later, and where each of them lies.
struct LazyImages {
    let folder: String

    /// What a folder holds, in pages.
    struct Figures: Equatable, Sendable {
        /// Pages that a lazy restore can leave out.
        var lazy = 0
        /// Private pages that it cannot.
        var eager = 0
        /// Those of the lazy ones that a process shares with the one that it was forked from, as far as their addresses
        /// tell: filled one by one, they would not be shared any more.
        var inherited = 0
    }

    /// Marks all pages that may come later. A restore that is not lazy takes no notice.
    func mark() throws -> Figures {
        var figures = Figures()
        var others: [Pagemap] = []
        for process in try processes() {
            let path = "\(folder)/\(MemoryID(kind: .process, number: process).pagemapName)"
            let marked = Self.marked(
                try Pagemap(try Files.contents(of: path, limit: .max)), by: try mappings(of: process))
            for entry in marked.entries {
                if entry.isLazy { figures.lazy += Int(entry.pages) } else { figures.eager += Int(entry.pages) }
            }
            figures.inherited += others.map { Self.common(marked, $0) }.max() ?? 0
            others.append(marked)
            try Files.write(marked.encoded, to: path + ".new")
            try retrying("replace", path) { rename(path + ".new", path) }
        }
        return figures
    }

    /// Entries as they are, split where a mapping begins or ends that can be lazy.
    static func marked(_ pagemap: Pagemap, by mappings: [MemoryImage.Mapping]) -> Pagemap {
        var result = Pagemap(pagesID: pagemap.pagesID)
        result.entries.reserveCapacity(pagemap.entries.count)
        let lazy = mappings.filter(\.canBeLazy)
        var index = 0
        for entry in pagemap.entries {
            var address = entry.address
            while address < entry.end {
                while index < lazy.count, lazy[index].range.upperBound <= address { index += 1 }
                var part = entry
                part.address = address
                var end = entry.end
                part.isLazy = false
                if index < lazy.count {
                    part.isLazy = lazy[index].range.contains(address)
                    end = min(end, part.isLazy ? lazy[index].range.upperBound : lazy[index].range.lowerBound)
                }
                part.pages = (end - address) / UInt64(Page.size)
                result.append(part)
                address = end
            }
        }
        return result
    }

    /// Lazy pages that both have.
    private static func common(_ one: Pagemap, _ other: Pagemap) -> Int {
        var (first, second, pages) = (one.entries[...], other.entries[...], 0)
        while let a = first.first, let b = second.first {
            let overlap = max(a.address, b.address)..<max(max(a.address, b.address), min(a.end, b.end))
            if a.isLazy, b.isLazy { pages += overlap.count / Page.size }
            if a.end <= b.end { first.removeFirst() } else { second.removeFirst() }
        }
        return pages
    }

    private func processes() throws -> [UInt64] {
        try Files.names(in: folder).compactMap { MemoryID(pagemapName: $0) }.filter { $0.kind == .process }
            .map(\.number).sorted()
    }

    private func mappings(of process: UInt64) throws -> [MemoryImage.Mapping] {
        try MemoryImage(try Files.contents(of: "\(folder)/\(MemoryImage.name(of: process))", limit: .max)).mappings
    }

    /// Where the marked pages of every process lie: runs that stay within one mapping, and the pages files that they
    /// name by position.
    func runs() throws -> (runs: [UInt64: [PageRuns.Run]], files: [String]) {
        var files: [String] = []
        var all: [UInt64: [PageRuns.Run]] = [:]
        for process in try processes() {
            let finder = try PageFinder(of: process, in: folder, files: &files)
            var bounds = try mappings(of: process).map(\.range.upperBound)[...]
            var runs: [PageRuns.Run] = []
            for entry in finder.entries where entry.isLazy {
                var start = entry.address
                while start < entry.end {
                    while let bound = bounds.first, bound <= start { bounds.removeFirst() }
                    let end = min(entry.end, bounds.first ?? entry.end)
                    try finder.find(start..<end, into: &runs)
                    start = end
                }
            }
            all[process] = runs
        }
        return (all, files)
    }
}

/// Finds the contents of a process's pages in an image folder and its parents.
private struct PageFinder {
    private struct Layer {
        var file: Int
        var entries: [Pagemap.Entry]
        /// Byte offset of each entry's first page in the pages file, where it is there.
        var offsets: [Int]
    }

    private var layers: [Layer] = []
    private let process: UInt64

    /// Those of the folder itself.
    var entries: [Pagemap.Entry] { layers.first?.entries ?? [] }

    init(of process: UInt64, in folder: String, files: inout [String]) throws {
        self.process = process
        let name = MemoryID(kind: .process, number: process).pagemapName
        var folder = folder
        while Files.exists("\(folder)/\(name)") {
            let pagemap = try Pagemap(try Files.contents(of: "\(folder)/\(name)", limit: .max))
            var offsets: [Int] = []
            var offset = 0
            for entry in pagemap.entries {
                offsets.append(offset)
                if entry.content == .present { offset &+= Int(entry.pages) * Page.size }
            }
            layers.append(Layer(file: files.count, entries: pagemap.entries, offsets: offsets))
            files.append("\(folder)/pages-\(pagemap.pagesID).img")
            folder += "/parent"
        }
    }

    /// Adds the runs of this range, which the layer has to hold as a whole.
    func find(_ range: Range<UInt64>, layer number: Int = 0, into runs: inout [PageRuns.Run]) throws(MigrateError) {
        guard number < layers.count else { throw missing(range.lowerBound) }
        let layer = layers[number]
        var low = 0
        var high = layer.entries.count
        while low < high {
            let middle = (low + high) / 2
            if layer.entries[middle].end <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        var address = range.lowerBound
        while address < range.upperBound {
            guard low < layer.entries.count, layer.entries[low].address <= address else { throw missing(address) }
            let entry = layer.entries[low]
            let end = min(entry.end, range.upperBound)
            switch entry.content {
            case .parent: try find(address..<end, layer: number + 1, into: &runs)
            case .present:
                let offset = layer.offsets[low] &+ Int(address - entry.address)
                runs.append(PageRuns.Run(start: address, end: end, file: layer.file, offset: offset))
            }
            address = end
            low += 1
        }
    }

    private func missing(_ address: UInt64) -> MigrateError {
        MigrateError(
            .malformed, "the images have no page at 0x\(String(address, radix: 16)) of process \(process)")
    }
}
