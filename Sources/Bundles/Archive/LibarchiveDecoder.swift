internal import CArchive
internal import Glibc

/// zstd, xz and bzip2 by libarchive's filters, one of them enabled at a time: nothing is guessed, no helper program
/// is ever started. The tar inside is ours to read (`TarReader`), because libarchive re-encodes names.
final class LibarchiveDecoder: ByteReader {
    private let archive: OpaquePointer
    private let name: String
    private let feed: Feed

    /// What libarchive's read callback draws on.
    private final class Feed {
        let input: any ByteReader
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
        var error: (any Error)?

        init(_ input: any ByteReader) {
            self.input = input
        }

        deinit { buffer.deallocate() }
    }

    init(_ compression: Compression, _ input: any ByteReader, name: String) throws {
        guard let archive = archive_read_new() else { throw BundleError(.system, "cannot start libarchive") }
        self.archive = archive
        self.name = name
        feed = Feed(input)
        let enabled: Int32 =
            switch compression {
            case .zstd: archive_read_support_filter_zstd(archive)
            case .xz: archive_read_support_filter_xz(archive)
            case .bzip2: archive_read_support_filter_bzip2(archive)
            case .none, .gzip: ARCHIVE_FATAL
            }
        // ARCHIVE_WARN would mean that a helper program does the work.
        if enabled != ARCHIVE_OK {
            throw BundleError(.unsupported, "cannot read \(name): this build lacks \(compression.rawValue)")
        }
        archive_read_support_format_raw(archive)
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
            { archive, client, buffer in
                let feed = Unmanaged<Feed>.fromOpaque(client!).takeUnretainedValue()
                do {
                    let count = try feed.input.read(into: feed.buffer)
                    buffer!.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
                    return count
                } catch {
                    feed.error = error
                    return -1
                }
            }, nil)
        if opened != ARCHIVE_OK { throw failure() }
        var entry: OpaquePointer?
        if archive_read_next_header(archive, &entry) != ARCHIVE_OK { throw failure() }
    }

    deinit { archive_read_free(archive) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        if count < 0 { throw failure() }
        return count
    }

    private func failure() -> any Error {
        if let error = feed.error { return error }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
        return BundleError(.badArchive, "\(name) is damaged or cut short: \(reason)")
    }
}
