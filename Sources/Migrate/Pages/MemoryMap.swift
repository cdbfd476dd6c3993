internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The private memory of a process that a checkpoint would have to carry (proc_pid_maps(5), proc_pid_pagemap(5)).
struct MemoryMap {
    /// A run of pages, by address.
    struct Range: Equatable {
        var address: UInt64
        var pages: Int

        var end: UInt64 { address + UInt64(pages * Page.size) }

        /// What is read at a time.
        var batches: [Range] {
            stride(from: 0, to: pages, by: Page.batch).map { start in
                Range(address: address + UInt64(start * Page.size), pages: min(Page.batch, pages - start))
            }
        }
    }

    /// Private mappings, without those that the kernel makes anew in every process.
    /// - Parameter executable: whether those that can be executed are among them.
    static func privateMappings(of maps: String, executable: Bool = true) -> [Range] {
        maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count >= 5, fields[1].hasSuffix("p"), executable || !fields[1].contains("x") else {
                return nil
            }
            if fields.count > 5,
                ["[vsyscall]", "[vvar]", "[vvar_vclock]"].contains(String(fields[5].drop { $0 == " " }))
            {
                return nil
            }
            return addresses(fields[0])
        }
    }

    /// A mapping of a file, shared or private.
    struct MappedFile {
        /// Major and minor number.
        var device: [UInt32?]
        var inode: UInt64
        var range: Range
        var path: Substring
    }

    static func files(of maps: String) -> [MappedFile] {
        maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, let inode = UInt64(fields[4]), let range = addresses(fields[0]) else { return nil }
            return MappedFile(
                device: fields[3].split(separator: ":").map { UInt32($0, radix: 16) }, inode: inode, range: range,
                path: fields[5].drop { $0 == " " })
        }
    }

    private static func addresses(_ text: Substring) -> Range? {
        let bounds = text.split(separator: "-")
        guard bounds.count == 2, let start = UInt64(bounds[0], radix: 16), let end = UInt64(bounds[1], radix: 16),
            end > start
        else { return nil }
        return Range(address: start, pages: Int((end - start) / UInt64(Page.size)))
    }

    /// The runs of a mapping's pages that hold contents of the process's own.
    static func ownPages(in mapping: Range, pagemap: Descriptor) throws(SystemError) -> [Range] {
        var runs: [Range] = []
        try forEachOwnPage(in: mapping, pagemap: pagemap) { address, _ in
            if let last = runs.last, last.address + UInt64(last.pages * Page.size) == address {
                runs[runs.count - 1].pages += 1
            } else {
                runs.append(Range(address: address, pages: 1))
            }
        }
        return runs
    }

    /// Calls `body` with the address of each page that holds contents of the process's own, and what is mapped there.
    static func forEachOwnPage(
        in mapping: Range, pagemap: Descriptor, _ body: (UInt64, PagemapWord) -> Void
    ) throws(SystemError) {
        var done = 0
        while done < mapping.pages {
            let address = mapping.address + UInt64(done * Page.size)
            let words = try pagemap.pagemapWords(address, min(1 << 16, mapping.pages - done))
            // The process may unmap, or end, while it is looked at.
            if words.isEmpty { break }
            for (index, word) in words.enumerated() where word.isOwn {
                body(address + UInt64(index * Page.size), word)
            }
            done += words.count
        }
    }
}
