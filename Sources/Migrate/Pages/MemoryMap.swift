internal import Glibc
internal import LinuxSystem

/// The private memory of a process that a checkpoint would have to carry (proc_pid_maps(5), proc_pid_pagemap(5)).
struct MemoryMap {
    /// A run of pages, by address.
    struct Range: Equatable {
        var address: UInt64
        var pages: Int
    }

    /// Private mappings, without those that the kernel makes anew in every process.
    static func privateMappings(of maps: String) -> [Range] {
        maps.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count >= 5, fields[1].hasSuffix("p") else { return nil }
            if fields.count > 5,
                ["[vsyscall]", "[vvar]", "[vvar_vclock]"].contains(String(fields[5].drop { $0 == " " }))
            {
                return nil
            }
            let bounds = fields[0].split(separator: "-")
            guard bounds.count == 2, let start = UInt64(bounds[0], radix: 16), let end = UInt64(bounds[1], radix: 16),
                end > start
            else { return nil }
            return Range(address: start, pages: Int((end - start) / UInt64(Page.size)))
        }
    }

    /// Bits of a `/proc/PID/pagemap` entry.
    private static let present: UInt64 = 1 << 63
    private static let swapped: UInt64 = 1 << 62
    private static let fileOrShared: UInt64 = 1 << 61

    /// The runs of a mapping's pages that hold contents of the process's own: present or swapped out, and not a page
    /// of the mapped file.
    static func ownPages(in mapping: Range, pagemap: Descriptor) throws(SystemError) -> [Range] {
        var runs: [Range] = []
        var words = [UInt64](repeating: 0, count: min(mapping.pages, 1 << 16))
        var done = 0
        while done < mapping.pages {
            let wanted = min(words.count, mapping.pages - done)
            let offset = (Int(mapping.address) / Page.size + done) * 8
            let count: Int
            do {
                count = try words.withUnsafeMutableBytes { buffer in
                    try pagemap.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(wanted * 8)]), at: offset)
                }
            } catch let error as SystemError {
                throw error
            } catch {
                preconditionFailure("read(into:at:) throws SystemError only")
            }
            // The process may unmap, or end, while it is looked at.
            if count < 8 { break }
            for index in 0..<(count / 8) {
                let word = words[index]
                guard word & (present | swapped) != 0, word & fileOrShared == 0 else { continue }
                let address = mapping.address + UInt64((done + index) * Page.size)
                if let last = runs.last, last.address + UInt64(last.pages * Page.size) == address {
                    runs[runs.count - 1].pages += 1
                } else {
                    runs.append(Range(address: address, pages: 1))
                }
            }
            done += count / 8
        }
        return runs
    }
}
