/// Whether pages cross compressed.
package enum CompressionChoice: String, Sendable, Codable, CaseIterable {
    /// Where it is measured to be faster than to send them as they are.
    case auto
    /// Whenever it makes them smaller.
    case zstd
    case none
}

/// Compresses pages where that pays.
///
/// One thread reads, compresses and sends, so it pays where compressing takes less time than the bytes that are saved
/// would take on the link. How well the pages at hand compress, and how fast, is seen from a sample of them; the link's
/// rate is the given one, or that of pages that were sent as they are.
///
/// Used by one thread at a time: page sets follow each other.
final class PagePacker: @unchecked Sendable {
    /// A rate that has to be measured.
    private struct Probe {
        /// These fill the buffers on the way, and say nothing.
        static let ignored = 1 << 20
        static let measured = 3 << 20

        var bytes = 0
        var time = Duration.zero
        /// Bytes until the next one. The first is deceived by buffers if they are large.
        var pause = 4 << 20
        var isUnderWay = true
    }

    /// A gain that is worth the trouble.
    private static let share = 0.95
    private static let samplePages = 8
    /// Slower links leave time for more effort.
    private static let slowLink = 50e6

    private let choice: CompressionChoice
    private let compressor = ZstdCompressor(limit: Page.batch * Page.size)
    private let sample = UnsafeMutableRawBufferPointer.allocate(
        byteCount: PagePacker.samplePages * Page.size, alignment: Page.size)
    private var rate: Double?
    /// Nil where the rate is given.
    private var probe: Probe?
    /// Bytes a second that are compressed.
    private var speed = 400e6

    /// - Parameters:
    ///   - rate: what the link carries, if that is known.
    ///   - isLocal: both ends are on this machine: unless it is told to be slow, the link is memory.
    init?(_ choice: CompressionChoice, rate: Rate?, isLocal: Bool) {
        if choice == .none || choice == .auto && isLocal && rate == nil { return nil }
        self.choice = choice
        self.rate = rate?.bytesPerSecond
        if rate == nil { probe = Probe() }
    }

    deinit { sample.deallocate() }

    /// At most a batch of pages, compressed, or nil where they shall cross as they are.
    /// - Returns: bytes that are valid until the next call.
    func pack(_ pages: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        if choice == .auto {
            guard probe?.isUnderWay != true, let rate else { return nil }
            if pages.count >= 2 * sample.count, !pays(ratio(ofSampleOf: pages), rate) { return nil }
        }
        let packed = compress(pages)
        let ratio = Double(packed.count) / Double(pages.count)
        guard ratio < (choice == .auto ? Self.share : 1) else { return nil }
        count(packed.count)
        return packed
    }

    /// Notes how long the link took for pages that were sent as they are.
    func wereSent(_ bytes: Int, in time: Duration) {
        guard var probe else { return }
        if probe.isUnderWay {
            probe.bytes += bytes
            if probe.bytes > Probe.ignored { probe.time += time }
            if probe.bytes >= Probe.ignored + Probe.measured {
                rate = Double(probe.bytes - Probe.ignored) / max(probe.time / .seconds(1), 1e-6)
                (probe.isUnderWay, probe.bytes, probe.time) = (false, 0, .zero)
            }
            self.probe = probe
        } else {
            count(bytes)
        }
    }

    /// Whether compressing takes less time than it saves.
    private func pays(_ ratio: Double, _ rate: Double) -> Bool {
        rate / speed + ratio < Self.share
    }

    /// Has the rate measured again after a while.
    private func count(_ bytes: Int) {
        guard var probe else { return }
        probe.bytes += bytes
        if probe.bytes >= probe.pause {
            (probe.isUnderWay, probe.bytes) = (true, 0)
            probe.pause = min(probe.pause * 4, 256 << 20)
        }
        self.probe = probe
    }

    private func ratio(ofSampleOf pages: UnsafeRawBufferPointer) -> Double {
        let step = pages.count / Page.size / Self.samplePages * Page.size
        for index in 0..<Self.samplePages {
            let page = UnsafeRawBufferPointer(rebasing: pages[(index * step)..<(index * step + Page.size)])
            UnsafeMutableRawBufferPointer(rebasing: sample[(index * Page.size)...]).copyMemory(from: page)
        }
        return Double(compress(UnsafeRawBufferPointer(sample)).count) / Double(sample.count)
    }

    private func compress(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let start = ContinuousClock.now
        let packed = compressor.compress(bytes, level: (rate ?? .infinity) < Self.slowLink ? 3 : 1)
        // A moving average: small pieces weigh little.
        let weight = min(Double(bytes.count) / Double(1 << 20), 0.25)
        let measured = Double(bytes.count) / max((.now - start) / .seconds(1), 1e-6)
        speed = 1 / ((1 - weight) / speed + weight / measured)
        return packed
    }
}

/// The other end of it: a batch of pages at a time, and no more memory than that.
final class PageExpander {
    private let expander = ZstdExpander()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Page.batch * Page.size, alignment: Page.size)

    deinit { buffer.deallocate() }

    /// - Parameter pages: how many there are, at most a batch.
    /// - Returns: the pages, valid until the next call; nil where `bytes` are not so many pages.
    func expand(_ bytes: UnsafeRawBufferPointer, pages: Int) -> UnsafeRawBufferPointer? {
        let output = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(pages * Page.size)])
        return expander.expand(bytes, into: output) ? UnsafeRawBufferPointer(output) : nil
    }
}
